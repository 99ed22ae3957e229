// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import RecurrentKernels
import TestSupport
import Testing

/// Vectors on their way through the model.
struct InputsTests {
    static let second: Int64 = 1_000_000_000

    /// The inputs of `p.*.t`: p.$1.h, then the target, then `more`.
    static func inputs(
        _ match: Glob, fill: InputList.Fill = .hold, scaling: Scaling, more: [InputList.Input] = []
    ) throws -> InputList {
        let hum = InputList.Source.member(
            try IdentifierTemplate("p.$1.h", of: match), fill: fill, aggregate: .last)
        return InputList(
            [
                InputList.Input(name: "h", source: hum, scaling: scaling),
                InputList.Input(name: "t", source: .target, scaling: scaling),
            ] + more)
    }

    static func plan(
        _ weights: RecurrentWeights, mode: ForecastPlan.Model.Mode = .stateful,
        target: ForecastPlan.Model.Target = .value, scaling: Scaling = .none, time: TimePolicy = TimePolicy(),
        fill: InputList.Fill = .hold, more: [InputList.Input] = [], streamsLimit: Int = 100,
        batchLimit: Int = 16, maximumSkew: Int64 = 60 * second
    ) throws -> ForecastPlan {
        let match = try Glob("p.*.t")
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: mode, target: target)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: match, model: 0, scaling: scaling, horizon: weights.shape.outputSize, warmup: 0,
                    maximumSkew: maximumSkew, time: time,
                    inputs: try inputs(match, fill: fill, scaling: scaling, more: more))
            ], streamsLimit: streamsLimit, batchLimit: batchLimit)
    }

    static let shape = RecurrentShape(inputSize: 2, hiddenSize: 7, layerCount: 2, outputSize: 3)

    static func grid(wait: Int64 = second, _ change: (inout TimePolicy) -> Void = { _ in }) -> TimePolicy {
        var time = TimePolicy()
        (time.every, time.wait) = (.period(second), wait)
        change(&time)
        return time
    }

    /// Each observation a tick, and ticks of half an hour.
    static let halfHours = [TimePolicy(), grid { $0.every = .period(1800 * second) }]

    @Test(
        arguments: [ForecastPlan.Model.Mode.stateful, .window(length: 5)],
        halfHours)
    func vectorsEqualTheSlowReference(mode: ForecastPlan.Model.Mode, time: TimePolicy) throws {
        let calendar = [
            InputList.Input(name: "s", source: .sine(.hour), scaling: .none),
            InputList.Input(name: "c", source: .cosine(.hour), scaling: .fixed(mean: 0.5, deviation: 2)),
        ]
        let shape = RecurrentShape(inputSize: 4, hiddenSize: 7, layerCount: 2, outputSize: 3)
        let weights = RecurrentWeights.random(shape, seed: 4)
        for target in ForecastPlan.Model.Target.allCases {
            for scaling in [Scaling.none, .fixed(mean: 3, deviation: 2), .rolling(halfLife: 10)] {
                let plan = try Self.plan(
                    weights, mode: mode, target: target, scaling: scaling, time: time, more: calendar)
                var engine = ForecastEngine(plan: plan, seed: 1)
                var slow = SlowVectorForecaster(
                    weights: weights, mode: mode, target: target, scaling: scaling)
                var generator = SeededGenerator(seed: 11)
                var published: [PublishedForecast] = []
                var expected: [[Double]] = []
                for step in 0..<40 as Range<Int64> {
                    let (hum, temp) = (
                        40 + Double.random(in: -9...9, using: &generator),
                        3 + Double.random(in: -2...2, using: &generator)
                    )
                    #expect(engine.accept("p.1.h", hum, seconds: step * 1800) == nil)
                    #expect(engine.accept("p.1.t", temp, seconds: step * 1800) == nil)
                    published += engine.takeForecasts(at: Timestamp(nanoseconds: 0))
                    let angle = Double(step * 1800 % 86_400) / 86_400 * 2 * Double.pi
                    expected.append(slow.forecast(hum, temp, sin(angle), cos(angle)))
                }
                #expect(published.count == (time.every == .event ? 40 : 39))
                #expect(published.allSatisfy { $0.head.missingInputs == 0 })
                for (got, want) in zip(published, expected) {
                    let worst = zip(got.yhat, want).map { abs($0 - $1) }.max() ?? 1
                    #expect(worst < 5e-5, "\(target) \(scaling) at \(got.head.time): \(worst)")
                }
            }
        }
    }

    /// After a long gap the state is that of a stream that began with the vectors kept.
    @Test func rewarmingRunsOverVectors() throws {
        let weights = RecurrentWeights.random(Self.shape, seed: 8)
        let time = Self.grid(wait: 0) {
            ($0.limit, $0.renewal, $0.windowLength) = (2 * Self.second, .rewarm, 6)
        }
        let plan = try Self.plan(weights, scaling: .fixed(mean: 3, deviation: 4), time: time)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var fresh = ForecastEngine(plan: plan, seed: 1)
        var (got, want): ([PublishedForecast], [PublishedForecast]) = ([], [])
        func feed(_ engine: inout ForecastEngine, _ second: Int64, at time: Int64) -> [PublishedForecast] {
            #expect(engine.accept("p.1.h", Double(second * 7 % 5), seconds: time) == nil)
            #expect(engine.accept("p.1.t", Double(second * 3 % 8), seconds: time) == nil)
            return engine.takeForecasts(at: Timestamp(nanoseconds: 0))
        }
        for second in 0..<20 as Range<Int64> { got += feed(&engine, second, at: second) }
        for second in 40..<45 as Range<Int64> { got += feed(&engine, second, at: second) }
        // The same vectors without a gap.
        for second in 14..<20 as Range<Int64> { want += feed(&fresh, second, at: second) }
        for second in 40..<45 as Range<Int64> { want += feed(&fresh, second, at: second - 20) }
        #expect(got.count == 24 && want.count == 10 && got[20].head.isReset)
        #expect(got.suffix(4).map(\.yhat) == want.suffix(4).map(\.yhat))
    }
}
