// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

extension ExpertMixture {
    /// The experts' weights: what comes of a mixture in which one says 1 and all others 0.
    fileprivate func weights(_ memory: UnsafePointer<Double>) -> [Double] {
        (0..<expertCount).map { expert in mix(memory, (0..<expertCount).map { $0 == expert ? 1 : 0 }) }
    }
}

/// Mixtures and scores, held against what their formulas come to when all is summed anew.
struct MixtureAndScoreTests {
    @Test func weightsAreThoseOfAllRegretsSummedAnew() {
        let mixture = ExpertMixture(expertCount: 3)
        let memory = AlignedDoubles(mixture.length)
        var generator = SeededGenerator(seed: 5)
        var regrets: [[Double]] = []
        for _ in 0..<500 {
            let truth = Double.random(in: -1...1, using: &generator)
            let forecasts = [truth + 0.1, truth - Double.random(in: 0...0.4, using: &generator), 0]
            let mixed = mixture.mix(memory.start, forecasts)
            mixture.learn(memory.start, mixture: mixed, forecasts: forecasts, truth: truth)
            regrets.append(forecasts.map { 2 * (mixed - truth) * (mixed - $0) })
        }
        let raw = (0..<3).map { expert in
            var (sum, squares, weight) = (0.0, 0.0, 1.0)
            for regret in regrets.reversed() {
                sum += weight * regret[expert]
                squares += weight * regret[expert] * regret[expert]
                weight *= 0.9995
            }
            return max(sum, 0) / (squares + 1e-9)
        }
        for (got, want) in zip(mixture.weights(memory.start), raw) {
            #expect(abs(got - want / raw.reduce(0, +)) < 1e-9)
        }
        #expect(mixture.weights(memory.start)[2] < 0.05, "the expert that knows nothing")
    }

    @Test func withoutAnyRegretAllWeightsAreAlike() {
        let mixture = ExpertMixture(expertCount: 4)
        let memory = AlignedDoubles(mixture.length)
        #expect(mixture.weights(memory.start) == [0.25, 0.25, 0.25, 0.25])
    }

    @Test func scoresAreThoseOfAllOutcomes() throws {
        let score = ForecastScore(levels: [0.8], fading: 0.99)
        let memory = AlignedDoubles(score.length)
        var generator = SeededGenerator(seed: 8)
        var outcomes: [(error: Double, persistence: Double, season: Double, half: Double)] = []
        for _ in 0..<300 {
            func draw() -> Double { .random(in: -3...3, using: &generator) }
            outcomes.append((draw(), draw(), draw(), abs(draw())))
            let last = outcomes[outcomes.count - 1]
            score.learn(
                memory.start,
                ForecastScore.Outcome(
                    error: last.error, persistenceError: last.persistence, seasonalError: last.season)
            ) { _ in last.half }
        }
        score.countMissing(memory.start)
        let figures = score.figures(memory.start)
        for (period, fading) in [(figures.life, 1.0), (figures.recent, 0.99)] {
            let weights = outcomes.indices.map { pow(fading, Double(outcomes.count - 1 - $0)) }
            let total = weights.reduce(0, +)
            func mean(_ value: ((error: Double, persistence: Double, season: Double, half: Double)) -> Double)
                -> Double
            { zip(weights, outcomes).reduce(0) { $0 + $1.0 * value($1.1) } / total }
            let wanted = [
                mean { abs($0.error) }, mean { $0.error * $0.error }.squareRoot(), mean { $0.error },
                1 - mean { abs($0.error) } / mean { abs($0.persistence) },
                1 - mean { abs($0.error) } / mean { abs($0.season) },
                mean { abs($0.error) <= $0.half ? 1 : 0 },
                mean { 2 * $0.half + 10 * max(0, abs($0.error) - $0.half) },
            ]
            let got = [
                period.meanAbsoluteError, period.rootMeanSquareError, period.bias,
                period.skillAgainstPersistence,
                period.skillAgainstSeason, period.coverage[0], period.intervalScore[0],
            ]
            for (left, right) in zip(got, wanted) { #expect(abs(left - right) < 1e-9 * max(1, abs(right))) }
        }
        #expect(figures.missing == 1)
    }
}
