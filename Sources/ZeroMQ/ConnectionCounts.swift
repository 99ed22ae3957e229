// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What became of a socket's connections, those that it made and those that it accepted.
public struct ConnectionCounts: Sendable, Equatable, BitwiseCopyable {
    /// Connections that stand, those included whose peer has not yet said who it is.
    public var open: Int
    /// Connections since the start.
    public var made: UInt64
    /// Those that ended because the peer does not speak ZeroMQ, or another version or security of it.
    public var failedHandshakes: UInt64

    /// Makes an account.
    public init(open: Int = 0, made: UInt64 = 0, failedHandshakes: UInt64 = 0) {
        (self.open, self.made, self.failedHandshakes) = (open, made, failedHandshakes)
    }

    /// Adds what was counted elsewhere.
    public mutating func add(_ other: ConnectionCounts) {
        open += other.open
        made += other.made
        failedHandshakes += other.failedHandshakes
    }
}
