// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// Streams whose observations come late, against the same streams whose observations come in time.
struct RevisionSimulationTests {
    static let second: Int64 = 1_000_000_000
    static let reviseLimit = 14

    /// A way to treat a stream; all ways together are every fill, aggregate, mode and scale.
    struct Way: Sendable, CustomTestStringConvertible {
        var time = TimePolicy()
        var mode: ForecastPlan.Model.Mode
        var scaling: Scaling
        var testDescription: String { "\(time.fill) \(time.aggregate) \(time.renewal) \(mode) \(scaling)" }
    }

    static let ways = TimePolicy.Fill.allCases.flatMap { fill in
        TimePolicy.Aggregate.allCases.flatMap { aggregate in
            [ForecastPlan.Model.Mode.stateful, .window(length: 5)].flatMap { mode in
                [Scaling.rolling(halfLife: 9), .window].map { scaling in
                    var way = Way(mode: mode, scaling: scaling)
                    (way.time.every, way.time.fill, way.time.aggregate) = (.period(second), fill, aggregate)
                    (way.time.limit, way.time.reviseLimit) = (5 * second, reviseLimit)
                    (way.time.season, way.time.windowLength) = (7, 20)
                    way.time.renewal = aggregate == .mean || aggregate == .min ? .rewarm : .reset
                    way.time.lateness = aggregate == .max ? second / 2 : 0
                    return way
                }
            }
        }
    }

    static func plan(_ way: Way) throws -> ForecastPlan {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 3, layerCount: 1, outputSize: 1)
        var generator = SeededGenerator(seed: 2)
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.6...0.6, using: &generator) }
        }
        let weights = RecurrentWeights(
            shape: shape,
            layers: [RecurrentWeights.Layer(input: draw(12), recurrent: draw(36), bias: draw(12))],
            readout: draw(3), readoutBias: draw(1))
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: way.mode,
                    target: .difference)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: try Glob("*"), model: 0, scaling: way.scaling, horizon: 3, warmup: 9,
                    maximumSkew: .max, time: way.time)
            ], streamsLimit: 1, batchLimit: 3)
    }

    /// Observations in the order in which they come: some after up to eight later ticks.
    static func observations(_ count: Int, seed: UInt64) -> [Observation] {
        var generator = SeededGenerator(seed: seed)
        var tick: Int64 = 1_700_000_000
        var (sent, waiting): ([Observation], [Observation]) = ([], [])
        while sent.count < count {
            // What would be beyond reach if it waited any longer, and a few others.
            for index in waiting.indices.reversed() {
                let isDue = waiting[index].time.nanoseconds / second < tick - 8
                if isDue || Int.random(in: 0..<5, using: &generator) == 0 {
                    sent.append(waiting.remove(at: index))
                }
            }
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let isHuge = Int.random(in: 0..<500, using: &generator) == 0
                let value = isHuge ? 1e300 : Double.random(in: -5...5, using: &generator)
                let time = tick * second + Int64.random(in: 0..<second, using: &generator)
                let observation = Observation(time: Timestamp(nanoseconds: time), value: value)
                let isLate = sent.count > 5 && Int.random(in: 0..<4, using: &generator) == 0
                if isLate { waiting.append(observation) } else { sent.append(observation) }
            }
            let isGap = Int.random(in: 0..<12, using: &generator) == 0
            tick += isGap ? Int64.random(in: 2...30, using: &generator) : 1
        }
        return sent
    }

    /// One stream in an engine, taken an observation at a time.
    struct Line: ~Copyable {
        var engine: ForecastEngine
        var newest: (head: Forecast, yhat: [UInt64])?

        init(_ way: Way) throws {
            engine = ForecastEngine(plan: try RevisionSimulationTests.plan(way), seed: 1)
        }

        /// Takes an observation in; returns the forecasts that it made.
        mutating func take(_ observation: Observation) -> [Forecast] {
            let refusal = engine.accept(observation, of: "a".utf8.span.bytes, at: observation.time)
            #expect(refusal == nil)
            var heads: [Forecast] = []
            while engine.advance(at: observation.time) {
                for index in 0..<engine.forecastCount {
                    heads.append(engine.forecast(at: index))
                    newest = (heads.last!, Self.bits(of: engine.yhat(at: index)))
                }
            }
            return heads
        }

        private static func bits(of yhat: Span<Double>) -> [UInt64] {
            yhat.indices.map { yhat[$0].bitPattern }
        }

        /// All that can be seen of the stream after its newest tick, to the bit.
        var picture: String {
            guard var head = newest?.head, let yhat = newest?.yhat else { return "" }
            // What must differ: how often and when the tick was forecast.
            (head.sequence, head.age, head.isRevised) = (0, 0, false)
            let statistics = engine.windowStatistics(of: 0)
            let quantiles = [0.1, 0.5].map { engine.windowQuantile($0, of: 0) }
            return
                "\(head) \(yhat) \(engine.windowTicks(of: 0)) \(String(describing: statistics)) \(quantiles)"
        }
    }

    static func tick(_ observation: Observation) -> Int64 { observation.time.nanoseconds / second }

    @Test(arguments: 1...16 as ClosedRange<UInt64>) func lateIsAsGoodAsInTime(seed: UInt64) throws {
        for (number, way) in Self.ways.enumerated() {
            let sent = Self.observations(1000, seed: 1000 * seed + UInt64(number))
            // The order within a tick is kept.
            let sorted = sent.enumerated().sorted { (Self.tick($0.1), $0.0) < (Self.tick($1.1), $1.0) }
                .map(\.element)
            var remaining: [Int64: Int] = [:]
            for observation in sent { remaining[Self.tick(observation), default: 0] += 1 }
            var late = try Line(way)
            var punctual = try Line(way)
            var next = 0
            var (compared, revised) = (0, 0)
            for observation in sent {
                remaining[Self.tick(observation)]! -= 1
                let heads = late.take(observation)
                revised += heads.count(where: \.isRevised)
                #expect(heads.count(where: \.isRevised) <= 1)
                guard let head = heads.last else { continue }
                let newest = head.time.nanoseconds / Self.second
                // Nothing that came later may concern what was forecast.
                guard !(newest - 15...newest).contains(where: { remaining[$0, default: 0] > 0 }) else {
                    continue
                }
                while next < sorted.count,
                    (punctual.newest?.head.time.nanoseconds ?? 0) < head.time.nanoseconds
                {
                    _ = punctual.take(sorted[next])
                    next += 1
                }
                // One observation may close two ticks in time.
                guard punctual.newest?.head.time == head.time else { continue }
                #expect(late.picture == punctual.picture, "seed \(seed), \(way.testDescription)")
                compared += 1
            }
            #expect(compared > 50 && revised > 50, "seed \(seed): \(compared) compared, \(revised) revised")
        }
    }
}
