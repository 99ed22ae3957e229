// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import RecurrentKernels
import TestSupport
import Testing

/// Scores, alarms and drift of an engine's streams.
struct EngineAnomalyTests {
    static let shape = RecurrentShape(inputSize: 1, hiddenSize: 9, layerCount: 1, outputSize: 2)

    static func plan(
        isAdapted: Bool = false, every: TimePolicy.Every = .event, fill: TimePolicy.Fill = .hold,
        _ change: ((inout AnomalyPolicy) -> Void)? = { _ in }
    ) throws -> ForecastPlan {
        let bare = try makePlan(.random(shape, seed: 3), scaling: .rolling(halfLife: 50), horizon: 2)
        var rule = bare.rules[0]
        (rule.time.every, rule.time.fill) = (every, fill)
        if isAdapted {
            rule.adaptation = Adaptation(depth: .light, season: 0, horizon: 2, levels: [0.9])
        }
        if let change {
            var policy = AnomalyPolicy()
            change(&policy)
            rule.anomalies = policy
        }
        return ForecastPlan(models: bare.models, rules: [rule], streamsLimit: 10, batchLimit: 4)
    }

    /// A wave with noise.
    static func values(_ count: Int, seed: UInt64 = 1) -> [Double] {
        Noise.gaussian.values(count, seed: seed).enumerated().map { tick, noise in
            20 + sin(Double(tick) / 5) + 0.1 * noise.value
        }
    }

    static func run(_ engine: inout ForecastEngine, _ values: [Double], from start: Int = 0)
        -> [PublishedForecast]
    {
        values.enumerated().flatMap { tick, value in
            let second = Int64(start + tick)
            #expect(engine.accept("a", value, seconds: second) == nil)
            return engine.takeForecasts(at: Timestamp(nanoseconds: second * 1_000_000_000))
        }
    }

    /// A value is scored by the forecast that was published one tick before, whatever made it.
    @Test(arguments: [false, true]) func scoresAreThoseOfWhatWasPublished(isAdapted: Bool) throws {
        var engine = ForecastEngine(plan: try Self.plan(isAdapted: isAdapted), seed: 1)
        var slow = SlowDetector(falseAlarms: 0.001, season: 0)
        var forecast: Double?
        for published in Self.run(&engine, Self.values(400)) {
            let want = slow.score(published.head.value, forecast: forecast)
            let got = try #require(published.head.anomalyScore)
            #expect(got.isNaN == want.isNaN && !(abs(got - want) > 1e-6 * (1 + want)))
            forecast = published.yhat[0]
        }
    }

    @Test(arguments: [false, true]) func lookingForAnomaliesChangesNoForecast(isAdapted: Bool) throws {
        var with = ForecastEngine(plan: try Self.plan(isAdapted: isAdapted), seed: 1)
        var without = ForecastEngine(plan: try Self.plan(isAdapted: isAdapted, nil), seed: 1)
        var values = Self.values(300)
        values[250] = 500
        let forecasts = (Self.run(&with, values), Self.run(&without, values))
        #expect(
            forecasts.0.map { $0.yhat.map(\.bitPattern) } == forecasts.1.map { $0.yhat.map(\.bitPattern) })
        #expect(forecasts.1.allSatisfy { $0.head.anomalyScore == nil && $0.head.alarm == .off })
        #expect(forecasts.0.contains { $0.head.status == .anomalous })
        #expect(!forecasts.1.contains { $0.head.status == .anomalous })
    }

    /// What comes later changes no score before.
    @Test func noScoreKnowsTheFuture() throws {
        let past = Self.values(300)
        let futures = [past + [500, 500, 500], past + [-500, 20, 20]].map { values in
            var engine = ForecastEngine(plan: try! Self.plan(isAdapted: true), seed: 1)
            return Self.run(&engine, values).map { $0.head.anomalyScore?.bitPattern }
        }
        #expect(futures[0].prefix(300) == futures[1].prefix(300) && futures[0] != futures[1])
    }

    @Test func anAlarmBeginsAndEndsOnceForAllToSee() throws {
        var engine = ForecastEngine(plan: try Self.plan { $0.debounce = 3 }, seed: 1)
        var values = Self.values(400)
        values[200] = 90
        for tick in 250..<256 { values[tick] = 60 + Double(tick % 2) * 40 }
        let heads = Self.run(&engine, values).map(\.head)
        let changes = heads.filter { $0.alarm == .begins || $0.alarm == .ends }
        #expect(changes.map(\.alarm) == [.begins, .ends] && changes.map(\.alarmChanges) == [1, 2])
        let begin = try #require(heads.firstIndex { $0.alarm == .begins })
        let end = try #require(heads.firstIndex { $0.alarm == .ends })
        #expect(begin == 252 && (255..<380).contains(end))
        #expect(heads.indices.allSatisfy { (heads[$0].status == .anomalous) == (begin..<end).contains($0) })
        #expect(heads.indices.allSatisfy { $0 == begin || $0 == end || heads[$0].alarmChanges == 0 })
        #expect(engine.watchCounts.alarms == 1 && engine.watchCounts.alarmsEnded == 1)
        let summary = engine.summary(of: 0)
        #expect(summary.anomaly?.alarms == 1 && summary.status == .ok)
        #expect(summary.anomaly?.score == heads.last?.anomalyScore)
    }

    /// What stands in for a missing value is not scored, and leaves the alarm as it is; silence ends it.
    @Test func missingValuesAreNotScoredAndSilenceEndsTheAlarm() throws {
        var engine = ForecastEngine(plan: try Self.plan(every: .period(1_000_000_000)), seed: 1)
        var published = Self.run(&engine, Self.values(300))
        published += Self.run(&engine, [500, 500], from: 300)
        published += Self.run(&engine, [500, 500], from: 305)
        let filled = published.filter(\.head.isImputed)
        #expect(filled.count == 3)
        #expect(filled.allSatisfy { $0.head.anomalyScore?.isNaN == true && $0.head.status == .anomalous })
        #expect(engine.summary(of: 0).status == .anomalous)
        var silent: [PublishedForecast] = []
        let later = Timestamp(nanoseconds: 1_000_000_000_000)
        while engine.passTime(to: later) { silent += engine.takeForecasts(at: later) }
        let last = try #require(silent.last)
        #expect(last.head.status == .stale && last.head.alarm == .ends && last.head.alarmChanges == 2)
        #expect(engine.watchCounts.alarmsEnded == 1 && engine.summary(of: 0).status == .stale)
    }

    /// The forecast before a gap that is not filled was made for another tick.
    @Test func whatWasNotForecastIsNotHeldAgainstAForecast() throws {
        // The wave is at its top with the last value, and its bottom comes at once.
        let (every, far) = (TimePolicy.Every.period(1_000_000_000), 19.0)
        for gap in [0, 7] {
            var engine = ForecastEngine(
                plan: try Self.plan(isAdapted: true, every: every, fill: .skip), seed: 1)
            _ = Self.run(&engine, Self.values(291))
            let after = Self.run(&engine, [far, far], from: 291 + gap)
            let head = try #require(after.last?.head)
            #expect(head.value == far && head.gap == Int64(gap))
            #expect(gap == 0 ? head.anomalyScore ?? 0 > 1 : head.anomalyScore == 0, "gap of \(gap)")
        }
    }

    /// A model is judged by its own forecasts: one that always says the mean is good only while nothing else is to be known.
    @Test(arguments: [false, true]) func aModelThatBecameWorseIsNoticedOnce(isAdapted: Bool) throws {
        var engine = ForecastEngine(plan: try Self.plan(isAdapted: isAdapted, nil), seed: 1)
        let noise = Noise.gaussian.values(40_000, seed: 2).map(\.value)
        var level = 0.0
        let values = noise.enumerated().map { tick, noise in
            level = tick < 20_000 ? 0 : 0.999 * level + noise
            return tick < 20_000 ? noise : level
        }
        _ = Self.run(&engine, Array(values[..<20_000]))
        #expect(engine.watchCounts == WatchCounts())
        let before = try #require(engine.summary(of: 0).drift)
        #expect(!before.isOn && before.limit.map { $0 > before.ratio } == true)
        _ = Self.run(&engine, Array(values[20_000...]), from: 20_000)
        #expect(engine.watchCounts.drifts == 1 && engine.watchCounts.driftsEnded == 0)
        let after = try #require(engine.summary(of: 0).drift)
        #expect(after.isOn && after.ratio > 1.2 * before.ratio, "\(before) \(after)")
    }
}
