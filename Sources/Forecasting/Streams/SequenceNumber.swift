// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The number that a sender gives a message: one more than that of the message before, of the same topic.
public enum SequenceNumber: Sendable, Equatable {
    /// A number that begins at 0 again after 2^32 - 1.
    case bits32(UInt32)
    /// A number of 64 bits.
    case bits64(UInt64)

    /// The number.
    public var value: UInt64 {
        switch self {
        case .bits32(let number): UInt64(number)
        case .bits64(let number): number
        }
    }

    /// Messages from the number `other` on to this one, the numbers taken as a circle.
    func distance(from other: UInt64) -> UInt64 {
        switch self {
        case .bits32(let number): UInt64(number &- UInt32(truncatingIfNeeded: other))
        case .bits64(let number): number &- other
        }
    }

    /// Messages from this number on to `other`, the numbers taken as a circle.
    func distance(to other: UInt64) -> UInt64 {
        switch self {
        case .bits32(let number): UInt64(UInt32(truncatingIfNeeded: other) &- number)
        case .bits64(let number): other &- number
        }
    }
}
