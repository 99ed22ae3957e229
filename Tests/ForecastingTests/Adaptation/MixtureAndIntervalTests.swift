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

/// Mixtures, intervals and scores, held against what their formulas come to when all is summed anew.
struct MixtureAndIntervalTests {
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

    /// Residuals whose spread changes over a season and doubles halfway: the share held must stay what was asked for.
    @Test(arguments: [0, 24], [0.5, 0.9, 0.99]) func intervalsHoldTheirShare(season: Int, level: Double) {
        let tracker = IntervalTracker(levels: [level], horizon: 1, season: season, phaseCount: season)
        let memory = AlignedDoubles(tracker.length)
        tracker.reset(memory.start)
        var generator = SeededGenerator(seed: UInt64(level * 1000) + UInt64(season))
        var held = 0
        let count = 20_000
        for tick in 0..<count {
            let phase = season > 0 ? tick % season : 0
            let width = Float(tracker.width(memory.start, level: 0, phase: phase))
            let spread = (1 + 0.8 * sin(Double(tick % 24) / 24 * 2 * .pi)) * (tick < count / 2 ? 1 : 2)
            // A Laplace distribution has heavier tails than the normal one.
            let residual = -log(Double.random(in: 0.000001...1, using: &generator)) * spread
            if residual <= Double(width) { held += 1 }
            tracker.learn(memory.start, residual: residual, widths: [width], widthStride: 1, phase: phase)
        }
        let share = Double(held) / Double(count)
        #expect(abs(share - level) < 0.01, "\(share)")
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
