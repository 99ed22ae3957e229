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

/// Mixtures and intervals, held against what their formulas come to when all is summed anew.
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
}
