// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

struct ForecastEngineTests {
    static let direct = RecurrentShape(inputSize: 1, hiddenSize: 11, layerCount: 2, outputSize: 5)
    static let recursive = RecurrentShape(inputSize: 1, hiddenSize: 9, layerCount: 1, outputSize: 1)

    @Test(
        arguments: [direct, recursive],
        [ForecastPlan.Model.Mode.stateful, .window(length: 6), .window(length: 1)])
    func equalsTheSlowReference(shape: RecurrentShape, mode: ForecastPlan.Model.Mode) throws {
        let scalings: [Scaling] = [.none, .fixed(mean: 3, deviation: 2), .rolling(halfLife: 10), .window]
        let weights = RecurrentWeights.random(shape, seed: 5)
        for target in ForecastPlan.Model.Target.allCases {
            for scaling in scalings {
                var slow = SlowForecaster(
                    weights: weights, mode: mode, target: target, scaling: scaling, horizon: 4)
                var engine = ForecastEngine(
                    plan: try makePlan(weights, mode: mode, target: target, scaling: scaling, horizon: 4),
                    seed: 1)
                var generator = SeededGenerator(seed: 11)
                for second in 0..<40 as Range<Int64> {
                    let value = 3 + Double.random(in: -2...2, using: &generator)
                    #expect(engine.accept("a", value, seconds: second) == nil)
                    let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
                    let expected = slow.forecast(after: value)
                    try #require(published.count == 1 && published[0].yhat.count == 4)
                    for (got, want) in zip(published[0].yhat, expected) {
                        #expect(abs(got - want) < 2e-5, "\(target) \(scaling) second \(second)")
                    }
                }
            }
        }
    }

    /// A stream's forecasts must not depend on what else steps with it, nor on how turns are cut.
    @Test(arguments: [
        ForecastPlan.Model.Mode.stateful, .window(length: 4),
    ])
    func neighboursAndTurnsDoNotMatter(mode: ForecastPlan.Model.Mode) throws {
        let weights = RecurrentWeights.random(Self.recursive, seed: 2)
        let plan = try makePlan(
            weights, mode: mode, scaling: .rolling(halfLife: 5), horizon: 3, batchLimit: 64)
        var generator = SeededGenerator(seed: 99)
        let messages = (0..<3000).map { index in
            (
                stream: "s\(Int.random(in: 0..<40, using: &generator))", value: Double(index % 17),
                second: Int64(index)
            )
        }
        var alone: [String: [PublishedForecast]] = [:]
        for name in Set(messages.map(\.stream)) {
            var engine = ForecastEngine(plan: plan, seed: 1)
            for message in messages where message.stream == name {
                #expect(engine.accept(name, message.value, seconds: message.second) == nil)
                alone[name, default: []] += engine.takeForecasts(at: Timestamp(nanoseconds: 0))
            }
        }
        var engine = ForecastEngine(plan: plan, seed: 2)
        var together: [String: [PublishedForecast]] = [:]
        for message in messages {
            #expect(engine.accept(message.stream, message.value, seconds: message.second) == nil)
            if engine.isFull || Int.random(in: 0..<20, using: &generator) == 0 {
                for forecast in engine.takeForecasts(at: Timestamp(nanoseconds: 0)) {
                    together[forecast.stream, default: []].append(forecast)
                }
            }
        }
        for forecast in engine.takeForecasts(at: Timestamp(nanoseconds: 0)) {
            together[forecast.stream, default: []].append(forecast)
        }
        #expect(together.count == 40)
        for (name, forecasts) in together {
            let reference = try #require(alone[name])
            try #require(forecasts.count == reference.count)
            #expect(zip(forecasts, reference).allSatisfy { $0.isSame(as: $1) }, "\(name)")
        }
    }

    @Test func aTurnTakesAStreamAsOftenAsItCame() throws {
        let plan = try makePlan(.random(Self.recursive, seed: 1), batchLimit: 8)
        var engine = ForecastEngine(plan: plan, seed: 1)
        for second in 0..<3 as Range<Int64> {
            #expect(engine.accept("a", Double(second), seconds: second) == nil)
        }
        #expect(engine.accept("b", 7, seconds: 1) == nil)
        let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
        #expect(published.map(\.stream) == ["a", "b", "a", "a"])
        #expect(published.map(\.head.sequence) == [1, 1, 2, 3])
        #expect(published.map(\.head.value) == [0, 7, 1, 2])
    }

    @Test func saysWhyAnObservationIsNotTaken() throws {
        let plan = try makePlan(
            .random(Self.recursive, seed: 1), maximumSkew: 5_000_000_000, streamsLimit: 2, match: "p.*")
        var engine = ForecastEngine(plan: plan, seed: 1)
        #expect(engine.accept("q.a", 1, seconds: 10) == .unmatched)
        #expect(engine.accept("p.a", 1, seconds: 16, now: 10) == .ahead)
        #expect(engine.streamCount == 0)
        #expect(engine.accept("p.a", 1, seconds: 15, now: 10) == nil)
        #expect(engine.accept("p.a", 1, seconds: 15, now: 16) == .duplicate)
        #expect(engine.accept("p.a", 2, seconds: 15, now: 16) == nil)
        #expect(engine.accept("p.a", 3, seconds: 14, now: 16) == .late)
        #expect(engine.accept("p.a", 3, seconds: 30, now: 16) == .ahead)
        #expect(engine.accept("p.b", 1, seconds: 16) == nil)
        #expect(engine.accept("p.c", 1, seconds: 16) == .streamsLimit)
        #expect(engine.accept("p.b", 2, seconds: 17) == nil)
        #expect(engine.takeForecasts(at: Timestamp(nanoseconds: 0)).count == 4)
    }

    /// Equal values read at once are all ticks, and a clock that was set back makes none of them late.
    @Test func valuesTimedByArrivalAreNeverLateOrDuplicates() throws {
        var engine = ForecastEngine(plan: try makePlan(.random(Self.recursive, seed: 1)), seed: 1)
        for second in [100, 100, 100, 40, 41, 101] as [Int64] {
            let time = Timestamp(nanoseconds: second * 1_000_000_000)
            let observation = Observation(time: time, value: 5, isTimedByArrival: true)
            #expect(engine.accept(observation, of: "a".utf8.span.bytes, at: time) == nil)
        }
        let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
        #expect(published.map(\.head.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(published.map { $0.head.time.nanoseconds / 1_000_000_000 } == [100, 100, 100, 100, 100, 101])
    }

    @Test func enginesShareAQuotaOfStreams() throws {
        let plan = try makePlan(.random(Self.recursive, seed: 1))
        let quota = StreamQuota(limit: 3)
        var first = ForecastEngine(plan: plan, seed: 1, quota: quota)
        var second = ForecastEngine(plan: plan, seed: 2, quota: quota)
        #expect(first.accept("a", 1, seconds: 1) == nil && second.accept("b", 1, seconds: 1) == nil)
        #expect(first.accept("c", 1, seconds: 1) == nil)
        #expect(second.accept("d", 1, seconds: 1) == .streamsLimit)
        #expect(first.accept("e", 1, seconds: 1) == .streamsLimit)
        #expect(second.accept("b", 2, seconds: 2) == nil && first.streamCount + second.streamCount == 3)
    }

    @Test func warmsUpBeforeItSaysOk() throws {
        let plan = try makePlan(.random(Self.recursive, seed: 1), mode: .window(length: 4), warmup: 2)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var heads: [Forecast] = []
        for second in 0..<5 as Range<Int64> {
            _ = engine.accept("a", 1 + Double(second), seconds: second)
            heads += engine.takeForecasts(at: Timestamp(nanoseconds: second * 1_000_000_000 + 500_000)).map(
                \.head)
        }
        #expect(heads.map(\.status) == [.warming, .warming, .warming, .ok, .ok])
        #expect(heads.map(\.warmth) == [0.25, 0.5, 0.75, 1, 1])
        #expect(heads.allSatisfy { abs($0.age - 0.0005) < 1e-12 })
    }

    /// Values that make the arithmetic overflow reset their own stream and leave its neighbours alone.
    @Test(arguments: [Scaling.none, .rolling(halfLife: 5), .window, .fixed(mean: 0, deviation: 1e-10)])
    func aStreamThatOverflowsBeginsAnew(scaling: Scaling) throws {
        for mode in [ForecastPlan.Model.Mode.stateful, .window(length: 3)] {
            let weights = RecurrentWeights.random(Self.recursive, seed: 4)
            let plan = try makePlan(weights, mode: mode, scaling: scaling, horizon: 2, warmup: 2)
            var engine = ForecastEngine(plan: plan, seed: 1)
            var quiet = ForecastEngine(plan: plan, seed: 1)
            var fresh = ForecastEngine(plan: plan, seed: 1)
            for second in 0..<30 as Range<Int64> {
                let value = second == 10 ? 1.7e308 : Double(second % 7)
                #expect(engine.accept("wild", value, seconds: second) == nil)
                #expect(engine.accept("calm", Double(second % 5), seconds: second) == nil)
                #expect(quiet.accept("calm", Double(second % 5), seconds: second) == nil)
                let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
                let expected = quiet.takeForecasts(at: Timestamp(nanoseconds: 0))
                try #require(published.count == 2 && expected.count == 1)
                #expect(published[1].isSame(as: expected[0]))
                if second == 10 {
                    #expect(published[0].head.status == .reset)
                    #expect(published[0].yhat.allSatisfy { $0.isNaN })
                } else {
                    #expect(published[0].yhat.allSatisfy { $0.isFinite })
                }
                guard second > 10 else { continue }
                #expect(fresh.accept("wild", value, seconds: second) == nil)
                let anew = fresh.takeForecasts(at: Timestamp(nanoseconds: 0))
                #expect(published[0].yhat == anew[0].yhat)
                #expect(published[0].head.status == anew[0].head.status)
            }
            #expect(engine.resetCount == 1)
        }
    }

    /// A tick that is made anew by a late value overflows again, which is no other reset.
    @Test func aTickMadeAnewIsNotCountedAsResetAgain() throws {
        let plain = try makePlan(.random(Self.recursive, seed: 4))
        var rule = plain.rules[0]
        (rule.time.every, rule.time.reviseLimit) = (.period(1_000_000_000), 8)
        let plan = ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 4)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var statuses: [Forecast.Status] = []
        let observations: [(Int64, Double)] = [(0, 1), (1, 2), (2, 1.7e308), (3, 4), (1, 3), (2, 1.6e308)]
        for (second, value) in observations {
            #expect(engine.accept("a", value, seconds: second, now: 3) == nil)
            statuses += engine.takeForecasts(at: Timestamp(nanoseconds: 0)).map(\.head.status)
        }
        #expect(statuses == [.ok, .ok, .reset, .reset, .reset])
        #expect(engine.resetCount == 1)
    }
}
