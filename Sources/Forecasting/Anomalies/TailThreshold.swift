// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The size that only a small share p of sizes exceeds, learned from one size after the other; all bits zero before the
/// first.
///
/// Such a share is too small to be counted. What is counted is u, which a share q = 0.02 exceeds, by a tracker of
/// quantiles in log space, and by how much sizes exceed it, ξ, the mean of log(size / u) over those that do (Hill 1975).
/// The threshold is then u (q / p)^ξ (Weissman 1978): right for tails that fall by a power, too high for those that fall
/// faster. When a size is known:
///
///     log u += η (1[size > u] - q)
///     ξ += (min(log(size / u), ξ max(3, log(q / p))) - ξ) / n    for a size above u, n at most 100
///
/// A size above the threshold counts as one at the threshold, so that anomalies move it little.
struct TailThreshold: BitwiseCopyable {
    private var count: UInt64 = 0
    private var logarithm = 0.0
    private var index = 0.0
    private var exceeding = 0.0

    /// The share of the sizes that ξ is learned from.
    private static let share = 0.02
    /// How far u moves with each size, at least.
    private static let rate = 0.05
    private static let indexRange = 0.05...1.0

    /// Before the first size: as if ten had exceeded u = 3, with tails a little heavier than exponential ones.
    private mutating func begin() { (logarithm, index, exceeding) = (log(3), 0.3, 10) }

    /// How far beyond u a threshold lies that a share `probability` of the sizes exceeds: log(q / p).
    static func reach(_ probability: Double) -> Double { log(share / probability) }

    /// The threshold that lies so far beyond u.
    func threshold(reach: Double) -> Double { exp(logarithm + index * reach) }

    /// Takes in a size of at least 0.
    mutating func learn(_ size: Double, reach: Double) {
        if count == 0 { begin() }
        count += 1
        let excess = log(size) - logarithm
        let rate = max(Self.rate, 1 / (1 + Self.share * Double(count)))
        guard excess > 0 else { return logarithm -= rate * Self.share }
        exceeding = min(exceeding + 1, 100)
        index += (min(excess, index * max(3, reach)) - index) / exceeding
        index = min(max(index, Self.indexRange.lowerBound), Self.indexRange.upperBound)
        logarithm += rate * (1 - Self.share)
    }
}
