// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One producer of a `ProducerTable`.
struct ProducerRow: BitwiseCopyable {
    /// A number, and the position up to which what came up to it is noted.
    struct Mark: BitwiseCopyable {
        var position: UInt64 = 0
        var number: UInt64 = 0
    }

    /// All messages up to this number have arrived.
    var received: UInt64 = 0
    /// All messages up to this number are kept.
    var acknowledged: UInt64 = 0
    /// All messages up to this number were applied in full; less than `received` only after a restart.
    var certain: UInt64 = 0
    /// Some messages up to this number were applied in part before a restart; 0 if none can have been.
    var doubtful: UInt64 = 0
    /// The mark that is waited for, and the newest.
    var (marked, newest) = (Mark(), Mark())
    /// What the producer knows of `received`.
    var toldReceived: UInt64 = 0
    /// The slot of its peer; -1 where it is not connected.
    var peer = -1
    /// When it was last heard of.
    var heard = Timestamp(nanoseconds: 0)
    /// The message that was asked for last, and when.
    var wanted: UInt64 = 0
    var wantedAt = Timestamp(nanoseconds: 0)
    /// Whether it is to be welcomed, or asked to send again.
    var (isGreeted, isResendDue) = (false, false)
    /// Whether it stands in the table's lists.
    var (isTouched, isWaiting, isDue) = (false, false, false)

    /// What has come is noted up to a position.
    mutating func note(_ position: UInt64) {
        newest = Mark(position: position, number: received)
        if marked.number <= acknowledged { marked = newest }
    }

    /// What was noted up to a position is kept; says whether that is news.
    mutating func acknowledge(through position: UInt64) -> Bool {
        let before = acknowledged
        while marked.number > acknowledged && marked.position <= position {
            acknowledged = marked.number
            marked = newest
        }
        return acknowledged > before
    }

    /// Goes past messages up to `number`, which will never come.
    mutating func skip(to number: UInt64) {
        if acknowledged == received { acknowledged = number }
        if marked.number == received { marked.number = number }
        if newest.number == received { newest.number = number }
        received = number
    }

    /// Whether the message behind `received` is to be asked for, which is not said again for a while.
    mutating func wantsResend(at now: Timestamp) -> Bool {
        let elapsed = now.nanoseconds - wantedAt.nanoseconds
        if wanted == received + 1 && (0..<ProducerTable.resendInterval).contains(elapsed) { return false }
        (wanted, wantedAt, isResendDue) = (received + 1, now, true)
        return true
    }
}
