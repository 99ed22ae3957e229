// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What producers are told.
extension ProducerTable {
    /// What a producer is to be told.
    package struct Answer: Sendable, Equatable {
        /// What it means besides its numbers.
        package enum Kind: Sendable {
            /// Go on with the message behind `received`.
            case welcome
            /// So far things are.
            case numbers
            /// Send again what comes behind `received`.
            case resend
        }

        /// The producer's slot.
        package let slot: Int
        /// What it means.
        package let kind: Kind
        /// All messages up to this number are kept.
        package let acknowledged: UInt64
        /// All messages up to this number have arrived.
        package let received: UInt64
        /// The producer may send messages up to this number.
        package let through: UInt64
    }

    /// The next answer; nil when there is none any more.
    package mutating func takeAnswer() -> Answer? {
        while let slot = takeDue() {
            let row = rows[slot]
            guard row.peer >= 0 else { continue }
            // Where messages go on is certain only when all before are kept; `acknowledge` comes back to it.
            if row.isGreeted && row.acknowledged < row.received { continue }
            let kind: Answer.Kind = row.isGreeted ? .welcome : row.isResendDue ? .resend : .numbers
            rows[slot].toldReceived = row.received
            (rows[slot].isGreeted, rows[slot].isResendDue) = (false, false)
            return Answer(
                slot: slot, kind: kind, acknowledged: row.acknowledged, received: row.received,
                through: row.received + limits.window)
        }
        return nil
    }

    /// Lets an answer come again that could not be given, because the peer's queue is full.
    package mutating func postpone(_ answer: Answer) {
        if answer.kind == .welcome { rows[answer.slot].isGreeted = true }
        if answer.kind == .resend { rows[answer.slot].isResendDue = true }
        tell(answer.slot)
    }

    /// The peer that a producer is connected by; no bytes where it is not.
    @_lifetime(borrow self)
    package func peer(of slot: Int) -> RawSpan {
        rows[slot].peer >= 0 ? peers.identifier(of: UInt32(rows[slot].peer)) : RawSpan()
    }

    /// The key of a producer.
    @_lifetime(borrow self)
    package func key(of slot: Int) -> RawSpan { producers.identifier(of: UInt32(slot)) }
}
