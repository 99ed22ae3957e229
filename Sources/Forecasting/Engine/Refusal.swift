// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Why the engine did not take an observation.
public enum Refusal: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// No rule matches the stream's id.
    case unmatched
    /// The stream is new, and `streamsLimit` streams are known already.
    case streamsLimit
    /// The time stamp lies more than the rule's `maximumSkew` ahead of the clock.
    case ahead
    /// The time stamp lies before the stream's last one.
    case late
    /// Time stamp and value are the stream's last ones again.
    case duplicate
    /// The value is one of those that stand for none.
    case rejected
    /// The value lies outside of the rule's range.
    case outOfRange
    /// The value lies farther from the last good one than the rule's rate allows.
    case rate
    /// The value has stayed the same for longer than the rule allows.
    case stuck

    /// The refusal's name in logs and metrics.
    public var label: String {
        switch self {
        case .unmatched: "unmatched"
        case .streamsLimit: "streams_limit"
        case .ahead: "ahead"
        case .late: "late"
        case .duplicate: "duplicate"
        case .rejected: "rejected"
        case .outOfRange: "out_of_range"
        case .rate: "rate"
        case .stuck: "stuck"
        }
    }
}
