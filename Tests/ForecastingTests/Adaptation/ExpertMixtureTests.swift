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

/// Mixtures, held against what their formulas come to when all is summed anew.
struct ExpertMixtureTests {
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
}
