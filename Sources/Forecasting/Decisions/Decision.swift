// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What was decided for a stream other than to take a value for what it is, and how often lately.
package struct Decision: Equatable, Sendable, BitwiseCopyable {
    /// What was decided.
    package enum Kind: Equatable, Sendable, BitwiseCopyable {
        /// A value was not taken.
        case refused(Refusal)
        /// A value that came late was taken in, and the stream went back for it.
        case revised
        /// Something stood in for a tick without values.
        case filled(TimePolicy.Fill)
        /// Ticks without values were passed over.
        case skipped
        /// The model's state began anew after a gap that was too long to fill.
        case renewed(TimePolicy.Renewal)
        /// All that the model knew of the stream was given up, because its state was not finite.
        case notFinite
        /// A new time line began, because the sender's clock was set back.
        case turned
        /// The stream's period was learned.
        case learned
        /// The stream was said to be stale.
        case stale
        /// The state went to disk, to make room, or because no value came.
        case spilled(isIdle: Bool)
        /// The state came back from disk.
        case revived
        /// The stream was let go because no value came, and nothing of it is kept.
        case forgotten
        /// The state on disk could not be had any more: the stream began anew.
        case lost
        /// Other rules came into force, which differ for the stream in these points.
        case reloaded(StreamChange, RuleDifference)
    }

    /// The setting that it was decided by, as it was then.
    package enum Setting: Equatable, Sendable, BitwiseCopyable {
        /// None has a number.
        case none
        /// Nanoseconds.
        case duration(Int64)
        /// Ticks, values, streams or whatever the setting counts.
        case count(Int)
        /// A value, or a change of values in a second.
        case value(Double)
    }

    /// What was decided.
    package var kind: Kind
    /// How often.
    package var count: UInt64 = 1
    /// The table's number of changes when this was decided last.
    package var change: UInt64 = 0
    /// When it was decided, by the clock: first and last.
    package var first, last: Timestamp
    /// The times of the values or ticks that it was about: of the first (the begin, for what lasts) and of the last.
    package var begin, end: Timestamp
    /// The value that it was last about; NaN for none.
    package var value: Double
    /// The setting that it was last decided by.
    package var setting: Setting

    /// Whether another decision may stand in one entry with this one.
    func isLike(_ other: Decision) -> Bool {
        let seconds = other.last.seconds(since: last)
        return kind == other.kind && abs(seconds) <= Self.span
    }

    /// Seconds in which what is decided again is counted, rather than told again.
    static var span: Double { 60 }

    /// Takes in that the same was decided again.
    mutating func repeated(as other: Decision) {
        count += 1
        (last, end, value, setting) = (other.last, other.end, other.value, other.setting)
    }

    /// Whether it gives way to others: it tells of what happens to any stream, or to such as are not known.
    var isMinor: Bool {
        switch kind {
        case .spilled, .revived, .reloaded, .refused(.unmatched), .refused(.streamsLimit): true
        default: false
        }
    }

    /// Whether a value was dropped, or came late.
    package var isDrop: Bool {
        switch kind {
        case .refused, .revised: true
        default: false
        }
    }
}
