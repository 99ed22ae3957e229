// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the numbers of messages say of their way here, since the start.
public struct SequenceCounts: Sendable, Equatable, BitwiseCopyable {
    /// Messages whose number was passed over by a later one.
    public var missed: UInt64 = 0
    /// Those of them that came after all, a little later than the later one.
    public var reordered: UInt64 = 0
    /// Messages with a number that had come already.
    public var repeated: UInt64 = 0
    /// Times that the numbers began anew.
    public var restarts: UInt64 = 0

    /// Messages that did not come.
    public var lost: UInt64 { missed - reordered }

    /// Makes counts of 0.
    public init() {}

    /// Adds what was counted elsewhere.
    public mutating func add(_ other: SequenceCounts) {
        missed += other.missed
        reordered += other.reordered
        repeated += other.repeated
        restarts += other.restarts
    }
}
