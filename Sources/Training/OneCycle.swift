// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The learning rate of one cycle, and the momentum that goes against it, along cosines.
///
/// As `torch.optim.lr_scheduler.OneCycleLR` with its defaults has them: the rate climbs from 1/25 of the highest over
/// the first 30 %, then falls to 1/250 000; momentum goes from 0.95 to 0.85 and back.
/// - SeeAlso: Smith and Topin 2019, "Super-convergence".
package struct OneCycle: Sendable {
    private let highest: Double
    private let iterations: Double

    /// Makes the cycle of so many iterations.
    package init(highest: Double, iterations: Int) {
        self.highest = highest
        self.iterations = Double(iterations)
    }

    /// What holds at an iteration, from 0.
    package func values(at iteration: Int) -> (rate: Double, momentum: Double) {
        let (peak, end, now) = (0.3 * iterations - 1, iterations - 1, Double(iteration))
        if now <= peak {
            let part = now / peak
            return (Self.between(highest / 25, highest, part), Self.between(0.95, 0.85, part))
        }
        let part = end > peak ? (now - peak) / (end - peak) : 1
        return (Self.between(highest, highest / 25 / 1e4, part), Self.between(0.85, 0.95, part))
    }

    private static func between(_ first: Double, _ last: Double, _ part: Double) -> Double {
        last + (first - last) / 2 * (1 + cos(.pi * part))
    }
}
