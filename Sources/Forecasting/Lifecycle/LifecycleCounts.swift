// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What became of an engine's streams between their values.
public struct LifecycleCounts: Sendable, Equatable, BitwiseCopyable {
    /// Times that a stream's state went to disk.
    public var spilled: UInt64 = 0
    /// Times that one came back.
    public var revived: UInt64 = 0
    /// Streams that were forgotten, because no value came for long and their state has nowhere to go.
    public var forgotten: UInt64 = 0
    /// Streams that began anew, because their state on disk was destroyed, or of another rule or model.
    public var lost: UInt64 = 0
    /// Times that a stream stayed, or did not come in, because there was no room for the state of another.
    public var unplaced: UInt64 = 0

    /// Makes counts of 0.
    public init() {}

    /// Adds what another engine counted.
    public mutating func add(_ other: LifecycleCounts) {
        spilled += other.spilled
        revived += other.revived
        forgotten += other.forgotten
        lost += other.lost
        unplaced += other.unplaced
    }
}
