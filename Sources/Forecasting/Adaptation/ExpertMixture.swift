// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Weights of several experts' forecasts for one horizon, by how much better than their mixture each would have been.
///
/// MLpol (Gaillard, Stoltz, van Erven 2014, "A second-order bound with excess losses") with a discount γ: with the
/// mixture ŷ, an expert's f and the slope g of the loss at ŷ, which for the squared error to the truth y is 2 (ŷ - y), the
/// regret is r = g (ŷ - f), and
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
        learn(memory, slope: 2 * (mixture - truth), mixture: mixture, forecasts: forecasts)
    }

    /// Takes in the slope that a loss has at the mixture of the experts' forecasts, each taken `scale` times.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, slope: Double, mixture: Double,
        forecasts: UnsafePointer<Double>, scale: Double = 1
    ) {
        for expert in 0..<expertCount {
            let regret = slope * (mixture - scale * forecasts[expert])
            memory[expert] = Self.discount * memory[expert] + regret
            memory[expertCount + expert] = Self.discount * memory[expertCount + expert] + regret * regret
        }
    }
}
