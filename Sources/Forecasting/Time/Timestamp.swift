// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A point in time, UTC, in nanoseconds since 1970-01-01T00:00:00Z (years 1678 to 2262).
public struct Timestamp: Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Nanoseconds since the epoch; negative before 1970.
    public var nanoseconds: Int64

    /// Makes a timestamp from nanoseconds since 1970-01-01T00:00:00Z.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Whether `left` is earlier than `right`.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The time so many nanoseconds later, or the last or first time there is.
    func advanced(by nanoseconds: Int64) -> Timestamp {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return Timestamp(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// Seconds from `other` to this one; negative if this one is earlier.
    public func seconds(since other: Timestamp) -> Double {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(other.nanoseconds)
        if overflow { return Double(nanoseconds) * 1e-9 - Double(other.nanoseconds) * 1e-9 }
        return Double(difference) * 1e-9
    }
}
