// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// What the engine says of how forecasts turned out.
struct EngineScoreTests {
    /// Streams `a…` are adapted, with a period; all others are not.
    static func plan() throws -> ForecastPlan {
        var generator = SeededGenerator(seed: 21)
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.4...0.4, using: &generator) }
        }
        let weights = RecurrentWeights(
            shape: RecurrentShape(inputSize: 1, hiddenSize: 3, layerCount: 1, outputSize: 2),
            layers: [RecurrentWeights.Layer(input: draw(12), recurrent: draw(36), bias: draw(12))],
            readout: draw(6), readoutBias: draw(2))
        var time = TimePolicy()
        time.every = .period(1_000_000_000)
        func rule(_ match: String, _ adaptation: Adaptation?) throws -> ForecastPlan.Rule {
            ForecastPlan.Rule(
                match: try Glob(match), model: 0, scaling: .rolling(halfLife: 50), horizon: 2, warmup: 0,
                maximumSkew: .max, time: time, adaptation: adaptation)
        }
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .value)
            ],
            rules: [
                try rule("a*", Adaptation(depth: .light, season: 0, horizon: 2, levels: [0.5, 0.8, 0.9])),
                try rule("*", nil),
            ], streamsLimit: 10, batchLimit: 4)
    }

    static func score(_ engine: borrowing ForecastEngine, _ index: Int) -> [Double] {
        let span = engine.recentScore(at: index)
        return span.indices.map { span[$0] }
    }

    /// With each forecast, the silent one at the end included, comes what the whole account says of one tick ahead.
    @Test func aForecastSaysHowEarlierOnesTurnedOut() throws {
        var engine = ForecastEngine(plan: try Self.plan(), seed: 1)
        var generator = SeededGenerator(seed: 22)
        var (knownCount, staleCount) = (0, 0)
        func check(_ engine: borrowing ForecastEngine) throws {
            for index in 0..<engine.forecastCount {
                let forecast = engine.forecast(at: index)
                let score = Self.score(engine, index)
                guard forecast.rule == 0 else {
                    let all = engine.scores(of: forecast.slot, horizon: 1)
                    #expect(score.isEmpty && all == nil)
                    continue
                }
                let all = engine.scores(of: forecast.slot, horizon: 1)
                let figures = try #require(all).recent
                let next = engine.yhat(at: index)[0]
                let summary = engine.summary(of: forecast.slot)
                #expect(summary.next == (summary.status == .stale ? nil : next))
                let wanted =
                    [figures.meanAbsoluteError, figures.skillAgainstPersistence] + figures.coverage
                #expect(score.map(\.bitPattern) == wanted.map(\.bitPattern))
                #expect(score.allSatisfy(\.isNaN) == (figures.weight == 0))
                knownCount += figures.weight > 0 ? 1 : 0
                staleCount += forecast.status == .stale ? 1 : 0
            }
        }
        for second in 1...80 as ClosedRange<Int64> {
            for stream in ["a1", "b", "a2"] {
                #expect(engine.accept(stream, .random(in: -1...1, using: &generator), seconds: second) == nil)
            }
            let now = Timestamp(nanoseconds: second * 1_000_000_000)
            while engine.advance(at: now) { try check(engine) }
        }
        let later = Timestamp(nanoseconds: 1_000_000_000_000)
        while engine.passTime(to: later) { while engine.advance(at: later) { try check(engine) } }
        #expect(knownCount > 80 && staleCount == 2)
        let (pool, none) = (engine.pooledScore(ofRule: 0), engine.pooledScore(ofRule: 1))
        let figures = try #require(pool).figures
        #expect(pool?.streams == 2 && Int(figures.life.weight) > 80)
        #expect(figures.recent.weight < figures.life.weight && none == nil)
        guard let slot = engine.slot(of: "a1".utf8.span.bytes) else { return }
        let one = engine.summary(of: slot).scores.map(\.life.meanAbsoluteError)
        let all = engine.summary(of: slot, horizons: .max).scores.map(\.life.meanAbsoluteError)
        let second = engine.scores(of: slot, horizon: 2)?.life.meanAbsoluteError
        #expect(all.count == 2 && Array(all.prefix(1)) == one && all.last == second)
    }
}
