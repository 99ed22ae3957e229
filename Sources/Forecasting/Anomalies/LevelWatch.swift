// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where a stream's level has been of late; all bits zero before the first value.
///
/// The level v is the running mean, of a half-life of 10 ticks, of the median of the last three values, so that it heeds
/// no single value. An envelope follows it, quickly outwards and slowly inwards:
///
///     upper += (v > upper ? α : α / 30) (v - upper)        and so for lower
///
/// α halves a distance in max(50, season / 8) ticks; with that, a change of level is old news after about three times as
/// many. Steps are limited to three times the distance that is an anomaly, lest what is no value widens the envelope.
struct LevelWatch: BitwiseCopyable {
    private var count: UInt64 = 0
    private var last = 0.0
    private var beforeLast = 0.0
    private var level = 0.0
    private var lower = 0.0
    private var upper = 0.0

    var isFinite: Bool { level.isFinite && lower.isFinite && upper.isFinite }

    /// How much slower the envelope closes than it opens.
    private static let closing = 1.0 / 30
    private static let smoothing = RollingStatistics.weight(halfLife: 10)
    /// Of how many values the envelope is a mean at first, for each that there is.
    private static let eagerness = 100.0

    /// Takes in a value.
    ///
    /// - Returns: How far the value is outside the envelope, negative below it; and how far the level is, over the distance
    ///   that is an anomaly, NaN before enough values are known.
    mutating func learn(_ value: Double, _ detector: AnomalyDetector) -> (distance: Double, size: Double) {
        let middle = count < 2 ? value : max(min(value, last), min(max(value, last), beforeLast))
        (beforeLast, last) = (last, value)
        if count == 0 { (level, lower, upper) = (middle, middle, middle) }
        level += max(Self.smoothing, 1 / Double(count + 1)) * (middle - level)
        func outside(_ value: Double) -> Double { value > upper ? value - upper : min(value - lower, 0) }
        let (distance, excess) = (outside(value), outside(level))
        let isKnown = count >= detector.policy.settlingCount
        let reach = detector.levelReach * max(upper - lower, .leastNormalMagnitude)
        let limit = isKnown ? 3 * reach : .infinity
        count += 1
        let open = min(1, detector.levelWeight * max(1, Self.eagerness / Double(count)))
        func moved(_ edge: Double, _ isOutside: Bool) -> Double {
            edge + (isOutside ? open : open * Self.closing) * min(max(level - edge, -limit), limit)
        }
        (lower, upper) = (moved(lower, level < lower), moved(upper, level > upper))
        return (distance, isKnown ? excess / reach : .nan)
    }
}
