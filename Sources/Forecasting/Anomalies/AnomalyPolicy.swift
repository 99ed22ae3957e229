// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a rule takes for an anomaly.
public struct AnomalyPolicy: Sendable, Equatable {
    /// Which side of what was expected counts.
    public enum Direction: String, Sendable, CaseIterable {
        /// Either.
        case both
        /// Values that are too high.
        case above
        /// Values that are too low.
        case below
    }

    /// Which side of what was expected counts.
    public var direction = Direction.both
    /// A value nearer than this to what was expected scores 0, in the stream's unit.
    public var minimumDeviation = 0.0
    /// Ticks in a row that begin an alarm, and that end it.
    public var debounce = 1
    /// The share of the values that may score above 1 by chance, for each of the score's two parts.
    public var falseAlarms = 0.001
    /// Ticks in a season; 0 where none is known.
    public var season = 0

    /// Makes the policy of a rule that says nothing else.
    public init() {}

    /// The shares of false alarms that can be asked for.
    public static let falseAlarmRange = 1e-6...0.01

    /// Whether all parts are in their ranges.
    var isValid: Bool {
        minimumDeviation >= 0 && minimumDeviation.isFinite && debounce >= 1 && season >= 0
            && Self.falseAlarmRange.contains(falseAlarms)
    }

    /// Values that a stream is watched for before it is given scores.
    var settlingCount: UInt64 { UInt64(max(100, season)) }
}
