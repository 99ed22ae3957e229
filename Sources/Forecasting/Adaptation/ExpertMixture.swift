// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Weights of several experts' forecasts for one horizon, by how much better than their mixture each would have been.
///
/// MLpol (Gaillard, Stoltz, van Erven 2014, "A second-order bound with excess losses") with a discount γ: with the
/// mixture ŷ, the truth y and an expert's f, the regret of the gradient is r = 2 (ŷ - y)(ŷ - f), and
///
///     R = γ R + r,  V = γ V + r²,  weight ∝ max(R, 0) / (V + 1e-9)
///
/// and all weights alike where no R is above 0. There is no learning rate, and no scale.
package struct ExpertMixture {
    package let expertCount: Int

    /// Makes a mixture of so many experts.
    package init(expertCount: Int) { self.expertCount = expertCount }

    /// What an old regret counts with each tick after it.
    package static let discount = 0.9995

    /// Doubles of memory that a horizon takes: R, then V.
    package var length: Int { 2 * expertCount }

    /// The weighted sum of the experts' forecasts.
    package func mix(_ memory: UnsafePointer<Double>, _ forecasts: UnsafePointer<Double>) -> Double {
        var (weights, sum, plain) = (0.0, 0.0, 0.0)
        for expert in 0..<expertCount {
            let weight = max(memory[expert], 0) / (memory[expertCount + expert] + 1e-9)
            weights += weight
            sum += weight * forecasts[expert]
            plain += forecasts[expert]
        }
        return weights > 0 ? sum / weights : plain / Double(expertCount)
    }

    /// Says the regrets in a unit `ratio` times as large; their squares go with its fourth power.
    package func rescale(_ memory: UnsafeMutablePointer<Double>, by ratio: Double) {
        let square = ratio * ratio
        for expert in 0..<expertCount {
            memory[expert] /= square
            memory[expertCount + expert] /= square * square
        }
    }

    /// Takes in what the experts' forecasts and their mixture came to.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, mixture: Double, forecasts: UnsafePointer<Double>,
        truth: Double
    ) {
        for expert in 0..<expertCount {
            let regret = 2 * (mixture - truth) * (mixture - forecasts[expert])
            memory[expert] = Self.discount * memory[expert] + regret
            memory[expertCount + expert] = Self.discount * memory[expertCount + expert] + regret * regret
        }
    }
}
