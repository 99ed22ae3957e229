// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How far the clocks of a time zone are ahead of UTC, at any time.
public struct TimeZoneOffsets: Sendable, Equatable {
    /// When the offset changes, in seconds since the epoch, in order.
    private let transitions: [Int64]
    /// Seconds ahead of UTC: before the first change, and from each one on.
    private let offsets: [Int64]

    /// Makes a zone.
    ///
    /// - Parameters:
    ///   - transitions: When the offset changes, in seconds since the epoch, in order.
    ///   - offsets: Seconds ahead of UTC before the first change, and from each one on.
    public init(transitions: [Int64], offsets: [Int64]) {
        precondition(
            offsets.count == transitions.count + 1, "there is an offset on both sides of each change")
        precondition(zip(transitions, transitions.dropFirst()).allSatisfy(<), "changes stand in order")
        self.transitions = transitions
        self.offsets = offsets
    }

    /// Coordinated universal time.
    public static let utc = TimeZoneOffsets(transitions: [], offsets: [0])

    /// The offset in force at a time, in seconds.
    public func offset(at seconds: Int64) -> Int64 {
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return offsets[low]
    }
}
