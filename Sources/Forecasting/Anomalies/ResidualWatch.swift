// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is known of the differences between a stream's values and the forecasts made for them one tick before; all bits
/// zero before the first.
///
/// A residual e is counted from its running mean b, in units of the running mean s of |e - b|, whose weights halve every
/// max(200, season) ticks: size = |e - b| / s. What exceeds the tail's threshold counts in b and s only as if it were at
/// the threshold.
package struct ResidualWatch: BitwiseCopyable {
    private var count: UInt64 = 0
    private var center = 0.0
    private var scale = 0.0
    private var tail = TailThreshold()

    /// Nothing is known.
    package init() {}

    var isFinite: Bool { center.isFinite && scale.isFinite }

    /// Residuals before the tail is learned, when s is no more than a guess.
    private static let scaleCount: UInt64 = 16

    /// Takes in a residual of the value `value`; gives its size over the threshold, with the residual's sign; NaN before
    /// enough residuals are known.
    package mutating func learn(_ residual: Double, of value: Double, _ detector: AnomalyDetector) -> Double {
        let difference = residual - center
        // Where nothing has moved so far, what rounding may have moved is no anomaly.
        let size = abs(difference) / max(scale, 1e-9 * abs(value), .leastNormalMagnitude)
        let isKnown = count >= detector.policy.settlingCount
        let threshold = tail.threshold(reach: detector.tailReach)
        if count >= Self.scaleCount { tail.learn(size, reach: detector.tailReach) }
        count += 1
        let weight = max(detector.scaleWeight, 1 / Double(count))
        let share = isKnown && size > threshold ? threshold / size : 1
        center += weight * share * difference
        scale += weight * (share * abs(difference) - scale)
        guard isKnown else { return .nan }
        return difference < 0 ? -size / threshold : size / threshold
    }
}
