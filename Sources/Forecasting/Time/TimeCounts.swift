// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What happened on the time lines of an engine's streams, since the start.
public struct TimeCounts: Sendable, Equatable, BitwiseCopyable {
    /// Streams whose period was learned.
    public var learned: UInt64 = 0
    /// Ticks that stood in for missing ones.
    public var imputed: UInt64 = 0
    /// Gaps that were too long to fill, after which the model's state began anew.
    public var renewed: UInt64 = 0
    /// Times that a stream was said to be stale.
    public var stale: UInt64 = 0
    /// Times that a sender's clock was set back, and a new time line begun.
    public var turned: UInt64 = 0

    /// Forecasts that were published anew because of a late observation.
    public var revised: UInt64 = 0

    /// Makes counts of 0.
    public init() {}

    /// Adds what another engine counted.
    public mutating func add(_ other: TimeCounts) {
        learned += other.learned
        imputed += other.imputed
        renewed += other.renewed
        stale += other.stale
        turned += other.turned
        revised += other.revised
    }
}
