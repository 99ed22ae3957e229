// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Alarms and drifts of an engine's streams, since the start.
public struct WatchCounts: Sendable, Equatable, BitwiseCopyable {
    /// Alarms that began.
    public var alarms: UInt64 = 0
    /// Alarms that ended.
    public var alarmsEnded: UInt64 = 0
    /// Times that a model's own error left its band on a stream.
    public var drifts: UInt64 = 0
    /// Times that it came back.
    public var driftsEnded: UInt64 = 0

    /// Makes counts of 0.
    public init() {}

    /// Adds what another engine counted.
    public mutating func add(_ other: WatchCounts) {
        alarms += other.alarms
        alarmsEnded += other.alarmsEnded
        drifts += other.drifts
        driftsEnded += other.driftsEnded
    }
}
