// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Weights of several experts' forecasts for one horizon, by how much better than their mixture each would have been.
///
/// With the mixture ŷ, an expert's f and the slope g of the loss at ŷ, which for the squared error to the truth y is
/// 2 (ŷ - y), the regret is r = g (ŷ - f). Old regrets count less with a discount γ, and
///
///     V = γ V + r²
///
/// MLpol (Gaillard, Stoltz, van Erven 2014, "A second-order bound with excess losses"), all weights alike where no R is
/// above 0:
///
///     R = γ R + r                weight ∝ max(R, 0) / (V + 1e-9)
///
/// BOA (Wintenberger 2017, "Optimal learning with Bernstein online aggregation"), with a rate η for each expert:
///
///     B = max(γ B, |r|)          η = min(1 / (2 B), √(ln n / V))
///     R = γ R + r - η r²         weight ∝ η e^(η R)
///
/// where a B of 1e-9 and a V of its square are added, as above, for experts that are never told from the mixture. As
/// η r is at most ½, the part of BOA that corrects larger ones is 0. Neither has a learning rate to choose, nor a scale.
package struct ExpertMixture {
    package let expertCount: Int
    package let rule: Adaptation.Mix
    /// ln n.
    private let logarithm: Double

    /// Makes a mixture of so many experts.
    package init(expertCount: Int, rule: Adaptation.Mix = .mlpol) {
        self.expertCount = expertCount
        self.rule = rule
        logarithm = log(Double(expertCount))
    }

    /// What an old regret counts with each tick after it.
    package static let discount = 0.9995
    /// The least that regrets are taken for.
    private static let least = 1e-9

    /// Doubles of memory that a horizon takes: R, then V, then with BOA B.
    package var length: Int { (rule == .boa ? 3 : 2) * expertCount }

    /// The weighted sum of the experts' forecasts.
    package func mix(_ memory: UnsafePointer<Double>, _ forecasts: UnsafePointer<Double>) -> Double {
        switch rule {
        case .mlpol: mixByRegret(memory, forecasts)
        case .boa: mixByExponential(memory, forecasts)
        }
    }

    private func mixByRegret(_ memory: UnsafePointer<Double>, _ forecasts: UnsafePointer<Double>) -> Double {
        var (weights, sum, plain) = (0.0, 0.0, 0.0)
        for expert in 0..<expertCount {
            let weight = max(memory[expert], 0) / (memory[expertCount + expert] + Self.least)
            weights += weight
            sum += weight * forecasts[expert]
            plain += forecasts[expert]
        }
        return weights > 0 ? sum / weights : plain / Double(expertCount)
    }

    private func mixByExponential(
        _ memory: UnsafePointer<Double>, _ forecasts: UnsafePointer<Double>
    ) -> Double {
        func exponent(_ expert: Int) -> Double { rate(memory, expert) * memory[expert] }
        var greatest = exponent(0)
        for expert in 1..<expertCount { greatest = max(greatest, exponent(expert)) }
        var (weights, sum) = (0.0, 0.0)
        for expert in 0..<expertCount {
            let weight = rate(memory, expert) * exp(exponent(expert) - greatest)
            weights += weight
            sum += weight * forecasts[expert]
        }
        return sum / weights
    }

    /// An expert's η.
    private func rate(_ memory: UnsafePointer<Double>, _ expert: Int) -> Double {
        let (squares, bound) = (memory[expertCount + expert], memory[2 * expertCount + expert])
        return min(
            0.5 / (bound + Self.least), (logarithm / (squares + Self.least * Self.least)).squareRoot())
    }

    /// Says the regrets in a unit `ratio` times as large; their squares go with its fourth power.
    package func rescale(_ memory: UnsafeMutablePointer<Double>, by ratio: Double) {
        let square = ratio * ratio
        for expert in 0..<expertCount {
            memory[expert] /= square
            memory[expertCount + expert] /= square * square
            if rule == .boa { memory[2 * expertCount + expert] /= square }
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
            var regret = slope * (mixture - scale * forecasts[expert])
            memory[expertCount + expert] = Self.discount * memory[expertCount + expert] + regret * regret
            if rule == .boa {
                let bound = memory + 2 * expertCount + expert
                bound.pointee = max(Self.discount * bound.pointee, abs(regret))
                regret -= rate(memory, expert) * regret * regret
            }
            memory[expert] = Self.discount * memory[expert] + regret
        }
    }
}
