// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat
import ZeroMQ

/// Writes the messages of answers to one request: `[request id][kind]` and what belongs to the kind.
struct ReplayReply {
    /// Who has asked.
    let peer: ShortBytes<255>
    /// The request's id.
    let identifier: ShortBytes<32>

    /// `message`: a message that was published, as `[topic][payload][sequence]`.
    func message(
        _ payload: RawSpan, topic: RawSpan, sequence: UInt64, by socket: inout Socket
    ) throws(ZeroMQError) -> Addressing {
        let addressing = try begin("message", by: &socket)
        guard addressing == .open else { return addressing }
        _ = try socket.send(topic, more: true)
        _ = try socket.send(payload, more: true)
        try send(sequence, more: false, by: &socket)
        return .open
    }

    /// `end`: `[epoch][number of the log's newest message when the answer began][messages sent]`.
    func end(
        epoch: RawSpan, newest: UInt64, sent: UInt64, by socket: inout Socket
    ) throws(ZeroMQError) -> Addressing {
        let addressing = try begin("end", by: &socket)
        guard addressing == .open else { return addressing }
        _ = try socket.send(epoch, more: true)
        try send(newest, more: true, by: &socket)
        try send(sent, more: false, by: &socket)
        return .open
    }

    /// `too_old`: `[epoch][first that is there]`.
    func tooOld(epoch: RawSpan, first: UInt64, by socket: inout Socket) throws(ZeroMQError) -> Addressing {
        let addressing = try begin("too_old", by: &socket)
        guard addressing == .open else { return addressing }
        _ = try socket.send(epoch, more: true)
        try send(first, more: false, by: &socket)
        return .open
    }

    /// A kind with one frame behind it; a peer that cannot take it goes without.
    func refuse(_ kind: StaticString, _ frame: RawSpan, by socket: inout Socket) throws(ZeroMQError) {
        guard try begin(kind, by: &socket) == .open else { return }
        _ = try socket.send(frame, more: false)
    }

    private func begin(_ kind: StaticString, by socket: inout Socket) throws(ZeroMQError) -> Addressing {
        let addressing = try socket.address(peer.bytes)
        guard addressing == .open else { return addressing }
        _ = try socket.send(identifier.bytes, more: true)
        _ = try socket.send(kind.bytes, more: true)
        return .open
    }

    private func send(_ number: UInt64, more: Bool, by socket: inout Socket) throws(ZeroMQError) {
        let frame: InlineArray<1, UInt64> = [number.littleEndian]
        _ = try socket.send(frame.span.bytes, more: more)
    }
}

extension StaticString {
    /// The text's bytes, which last for ever.
    var bytes: RawSpan {
        @_lifetime(immortal) get {
            let bytes = UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
            return _overrideLifetime(RawSpan(_unsafeBytes: bytes), copying: ())
        }
    }
}
