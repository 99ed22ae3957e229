// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// Streams that learn from others.
struct RelatedTests {
    /// A model that has nothing to say: its state is 0, and its forecast the last value.
    static func plan(
        match: String = "p.*.*", related: String? = "p.$1.*", horizon: Int = 1, period: Int64? = nil
    ) throws -> ForecastPlan {
        let zeros = { [Float](repeating: 0, count: $0) }
        let weights = RecurrentWeights(
            shape: RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: horizon),
            layers: [RecurrentWeights.Layer(input: zeros(8), recurrent: zeros(16), bias: zeros(8))],
            readout: zeros(2 * horizon), readoutBias: zeros(horizon))
        let glob = try Glob(match)
        var adaptation = Adaptation(depth: .light, season: 0, horizon: horizon, levels: [0.9])
        adaptation.related = try related.map { try IdentifierTemplate($0, of: glob, isPattern: true) }
        var time = TimePolicy()
        if let period { time.every = .period(period) }
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful,
                    target: .difference)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: glob, model: 0, scaling: .none, horizon: horizon, warmup: 0, maximumSkew: .max,
                    time: time, adaptation: adaptation),
                ForecastPlan.Rule(
                    match: .everything, model: 0, scaling: .none, horizon: 1, warmup: 0, maximumSkew: .max,
                    time: time),
            ], streamsLimit: 100, batchLimit: 64)
    }

    /// Streams with everything kept, looked at anew each time.
    struct Reference {
        struct Stream {
            var ticks: [(time: Int64, value: Double, features: [Double])] = []
            var statistics = RollingStatistics()
            var unit = 0.0
            var seen: [String] = []
        }

        let forecaster: AdaptiveForecaster
        var streams: [String: Stream] = [:]
        var rows: [String: Int] = [:]
        /// How often a stream began to look at others than before.
        var changeCount = 0

        init(_ plan: ForecastPlan) throws {
            forecaster = AdaptiveForecaster(
                try #require(plan.rules[0].adaptation), hiddenSize: 2, rowCount: 100)
        }

        mutating func note(_ name: String, _ value: Double, at time: Int64) {
            var stream = streams[name] ?? Stream()
            let before = stream.ticks.last?.value ?? 0
            _ = stream.statistics.update(with: value, weight: RollingStatistics.weight(halfLife: 5000))
            let deviation = stream.statistics.scale.deviation
            let isFar = deviation > 16 * stream.unit || deviation < stream.unit / 16
            if stream.ticks.count >= 31 && isFar { stream.unit = deviation }
            let features = [value - before, value - stream.statistics.mean].map {
                stream.unit > 0 ? min(max($0 / stream.unit, -30), 30) : 0
            }
            stream.ticks.append((time, value, features))
            streams[name] = stream
        }

        private func known(_ name: String, at time: Int64) -> [Double] {
            streams[name]?.ticks.suffix(8).last { $0.time <= time }?.features ?? [0, 0]
        }

        mutating func forecast(_ name: String, _ value: Double, at time: Int64) -> [Double] {
            let row = rows[name] ?? rows.count
            rows[name] = row
            let prefix = name.split(separator: ".").prefix(2).joined(separator: ".") + "."
            let group = Array(streams.keys.filter { $0.hasPrefix(prefix) }.sorted().prefix(9))
            if streams[name]?.seen != group {
                changeCount += 1
                forecaster.forgetRelated(row: row)
            }
            streams[name]?.seen = group
            let features = group.filter { $0 != name }.prefix(8).flatMap { known($0, at: time) }
            for place in 0..<16 {
                forecaster.relatedFeatures[place] = place < features.count ? features[place] : 0
            }
            var (yhat, margins) = ([value, value], [Double](repeating: 0, count: 4))
            let tick = AdaptiveForecaster.Tick(
                value: value, time: Timestamp(nanoseconds: time * 1_000_000_000))
            let isKept = forecaster.advance(row: row, tick, hidden: [0, 0], yhat: &yhat, margins: &margins)
            #expect(isKept)
            return yhat
        }
    }

    /// Streams of three plants come one after the other, now and then ahead of others or far off.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func forecastsAreThoseOfASlowReference(seed: UInt64) throws
    {
        let plan = try Self.plan(horizon: 2)
        var engine = ForecastEngine(plan: plan, seed: seed)
        var reference = try Reference(plan)
        var generator = SeededGenerator(seed: seed)
        var names: [String] = []
        for plant in 0..<3 { for sensor in 0..<(4 * plant + 4) { names.append("p.\(plant).\(sensor * 7)") } }
        names.append("p.1")  // of another rule, and in no group
        names.shuffle(using: &generator)
        var clocks = [String: Int64](), levels = [String: Double]()
        for turn in 0..<600 {
            var sent: [(String, Double, Int64)] = []
            for name in names.prefix(4 + turn / 12) where Bool.random(using: &generator) {
                let ahead: Int64 = Int.random(in: 0...20, using: &generator) == 0 ? 5 : 0
                let time = max((clocks[name] ?? 0) + 1, 10 * Int64(turn) + 30 * ahead)
                clocks[name] = time
                let shock = Int.random(in: 0...400, using: &generator) == 0 ? 300.0 : 1
                levels[name, default: 0] += shock * .random(in: -1...1, using: &generator)
                sent.append((name, levels[name] ?? 0, time))
            }
            for (name, value, time) in sent {
                #expect(engine.accept(name, value, seconds: time) == nil)
                reference.note(name, value, at: time)
            }
            let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
            #expect(published.map(\.stream) == sent.map(\.0))
            for (forecast, (name, value, time)) in zip(published, sent) where forecast.head.rule == 0 {
                let wanted = reference.forecast(name, value, at: time)
                #expect(
                    forecast.yhat.map(\.bitPattern) == wanted.map(\.bitPattern), "\(seed), \(turn), \(name)")
            }
        }
        #expect(reference.changeCount > 30 && reference.streams.count == 25)
    }

    /// A stream that is what another was one tick before, which walks about: its own past says nothing of the next step.
    static func error(related: String?, period: Int64?, order: [String]) throws -> Double {
        var engine = ForecastEngine(plan: try plan(related: related, period: period), seed: 1)
        var generator = SeededGenerator(seed: 9)
        var (leader, follower, error) = (100.0, 0.0, 0.0)
        var said: [Int64: Double] = [:]
        for second in 1...2000 as ClosedRange<Int64> {
            follower = 5 - 0.01 * leader
            leader += .random(in: -1...1, using: &generator)
            for stream in order {
                let value = stream == "p.1.leads" ? leader : follower
                #expect(engine.accept(stream, value, seconds: second) == nil)
            }
            for forecast in engine.takeForecasts(at: Timestamp(nanoseconds: second * 1_000_000_000))
            where forecast.stream == "p.1.follows" {
                said[forecast.head.time.nanoseconds / 1_000_000_000] = forecast.yhat[0]
            }
            if second > 1000, let before = said[second - 1] {
                error += (before - follower) * (before - follower)
            }
        }
        return error
    }

    @Test(arguments: [nil, 1_000_000_000], [false, true]) func aStreamThatFollowsAnotherGains(
        period: Int64?, isReversed: Bool
    ) throws {
        let order = isReversed ? ["p.1.leads", "p.1.follows"] : ["p.1.follows", "p.1.leads"]
        let alone = try Self.error(related: nil, period: period, order: order)
        let together = try Self.error(related: "p.$1.*", period: period, order: order)
        let apart = try Self.error(related: "p.2.*", period: period, order: order)
        #expect(together < 0.1 * alone && apart > 0.9 * alone, "\(together), \(apart) of \(alone)")
    }

    /// What another stream is later than a tick is not looked at, though it has come.
    @Test(arguments: [nil, 1_000_000_000]) func whatIsLaterThanATickChangesNothing(period: Int64?) throws {
        func forecasts(_ last: Double, next: Double) throws -> [[UInt64]] {
            var generator = SeededGenerator(seed: 3)
            var sent: [(stream: String, value: Double, second: Int64)] = []
            var leader = 0.0
            for second in 1...200 as ClosedRange<Int64> {
                let follower = leader + 0.1 * .random(in: -1...1, using: &generator)
                leader = .random(in: -1...1, using: &generator)
                sent += [("p.1.b", leader, second), ("p.1.a", follower, second)]
            }
            // The leader is three ticks ahead when the other comes to the first of them.
            sent += [("p.1.b", last, 201), ("p.1.b", next, 202), ("p.1.b", next, 203), ("p.1.b", 0, 204)]
            sent += [("p.1.a", 0.5, 201), ("p.1.a", 0.5, 202), ("p.1.a", 0.5, 203)]
            var engine = ForecastEngine(plan: try Self.plan(period: period), seed: 1)
            var said: [[UInt64]] = []
            for (stream, value, second) in sent {
                #expect(engine.accept(stream, value, seconds: second) == nil)
                for forecast in engine.takeForecasts(at: Timestamp(nanoseconds: 0))
                where forecast.stream == "p.1.a" {
                    said.append(forecast.yhat.map(\.bitPattern))
                }
            }
            return said
        }
        let (one, later, other) = (
            try forecasts(1, next: 1), try forecasts(1, next: -1), try forecasts(-1, next: 1)
        )
        // With a period a tick is made with the value after it.
        let (first, count) = period == nil ? (200, 203) : (200, 202)
        #expect(one.count == count && later.count == count)
        #expect(one[...first] == later[...first] && one[first + 1] != later[first + 1])
        #expect(one[..<first] == other[..<first] && one[first] != other[first])
    }

    @Test func memoryIsSaid() throws {
        let (alone, related) = (try Self.plan(related: nil), try Self.plan())
        #expect(alone.hasRelated == false && related.hasRelated)
        let more = zip(related.rules, alone.rules).map {
            related.bytesPerStream(rule: $0) - alone.bytesPerStream(rule: $1)
        }
        // The other rule's streams may be looked at.
        #expect(more[0] > 2500 && (200..<1500).contains(more[1]), "\(more)")
    }
}
