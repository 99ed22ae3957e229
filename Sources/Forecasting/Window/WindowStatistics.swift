// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the observed values in a stream's rolling window come to.
public struct WindowStatistics: Sendable, Equatable {
    /// Observed values, at least 1.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// Their standard deviation: the square root of the mean squared deviation from the mean.
    public var deviation: Double
    /// The smallest.
    public var minimum: Double
    /// The greatest.
    public var maximum: Double
}

/// One tick of a stream's rolling window.
public enum WindowTick: Sendable, Equatable {
    /// A value that came.
    case observed(Double)
    /// A value that stood in for a missing one; it does not count in the statistics.
    case imputed(Double)
    /// No value: the tick was skipped.
    case empty
}
