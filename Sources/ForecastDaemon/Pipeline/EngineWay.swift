// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The two rings between this thread and one engine's.
struct EngineWay: ~Copyable {
    /// The message of a producer that is being taken in.
    struct OpenMessage {
        var isOpen = false
        var message = NumberedMessage()
        var key: [UInt8] = []
        var count = 0
    }

    var observations: RecordWriter
    var forecasts: RecordReader
    let engineDoorbell: Doorbell
    let kept: KeptPosition
    var hasUnflushed = false
    /// Whether the engine has a part of the message that is being taken in.
    var isWithinMessage = false
    /// Whether it has parts of messages that belong to no position yet.
    var hasNews = false
    /// The last position that it was told.
    var told: UInt64 = 0

    mutating func append(_ record: ObservationRecord, of identifier: RawSpan) -> Bool {
        guard record.append(identifier, to: &observations) else { return false }
        hasUnflushed = true
        return true
    }

    /// Lets the engine know that what comes is of a message, if it does not.
    mutating func begin(_ current: OpenMessage) {
        guard current.isOpen && !isWithinMessage else { return }
        let isAppended = ObservationRecord.appendBeginning(
            of: current.message, current.key.span.bytes, observations: current.count, to: &observations)
        precondition(isAppended, "there is room for a message's beginning before its observations come")
        (isWithinMessage, hasUnflushed, hasNews) = (true, true, true)
    }

    mutating func endMessage() {
        guard isWithinMessage else { return }
        isWithinMessage = false
        let isAppended = ObservationRecord.appendEnd(to: &observations)
        precondition(isAppended, "there is room for a message's end behind each observation")
    }

    mutating func note(_ position: UInt64) {
        let isAppended = ObservationRecord.append(position: position, to: &observations)
        precondition(isAppended, "there is room for a position behind each message")
        (told, hasNews) = (position, false)
    }

    mutating func hasRoom(for records: Int) -> Bool {
        observations.hasRoom(for: records, ofAtMost: ObservationRecord.maximumLength)
    }
}
