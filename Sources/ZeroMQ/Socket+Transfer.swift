// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

extension Socket {
    /// Receives the next frame into a message, whose former content goes away.
    ///
    /// The frames of one message arrive together: after a frame with `hasMore` the next one is there.
    ///
    /// - Parameters:
    ///   - message: Takes the frame; empty when there is none.
    ///   - wait: Whether to wait for a frame. A signal does not end the wait.
    /// - Returns: Whether there was a frame.
    public mutating func receive(into message: inout Message, wait: Bool) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(message.content, handle.raw, wait ? 0 : ZMQ_DONTWAIT) < 0 {
            let code = zmq_errno()
            if code == EAGAIN { return false }
            guard code == EINTR else {
                throw ZeroMQError(code: code, operation: "receive from a \(kind) socket")
            }
        }
        return true
    }

    /// Receives and forgets the frames of a message that follow the given one, and returns their number.
    ///
    /// - Parameter message: The frame received last. Afterwards the last one of its message.
    public mutating func discardRest(of message: inout Message) throws(ZeroMQError) -> Int {
        var count = 0
        while message.hasMore, try receive(into: &message, wait: false) { count += 1 }
        return count
    }

    /// Sends one frame without waiting.
    ///
    /// What happens when a peer's queue is full depends on the kind:
    /// - `push` gives the message to another peer. False when all are full or none is connected.
    /// - `pub` and `xpub` with `reportsDrops`: false when *any* subscriber of the message is full, and then none gets
    ///   it: one slow subscriber holds up all. To go on without it use `publish(_:more:)`.
    /// - `pub` and `xpub` without it: always true; those that are full miss the message unseen.
    /// - `router`: never for the frames that follow `address(_:)`.
    ///
    /// - Parameters:
    ///   - bytes: The frame, copied before the call returns.
    ///   - more: Whether further frames of the same message follow.
    /// - Returns: False when the message is not sent. Then leave out its further frames: the next frame
    ///   begins a new message. A full peer is found out with the first frame; with a later one only a `push`
    ///   socket may give false, whose peer vanished in the middle of the message.
    public mutating func send(_ bytes: RawSpan, more: Bool) throws(ZeroMQError) -> Bool {
        var isSent = try attempt(bytes, more: more)
        if !isSent && !isWithinMessage {
            // libzmq looks only about once a millisecond whether peers have read. Look now, then it counts.
            handle.processCommands()
            isSent = try attempt(bytes, more: more)
        } else if !isSent && more {
            // libzmq now swallows frames until the end of the message. Give it the end.
            _ = try attempt(RawSpan(), more: false)
        }
        isWithinMessage = isSent && more
        return isSent
    }

    /// Sends one frame to all subscribers that have room for it, without waiting, and says whether some had
    /// not.
    ///
    /// A subscriber whose queue is full misses the whole message, the others get the whole message, so send
    /// the further frames whatever this returns for the first. For those it is always true.
    ///
    /// The false ones are a lower bound of what subscribers miss. From the message that found its queue full
    /// until it has read about half of the queue, libzmq leaves a subscriber out unseen: one false per such
    /// time, not one per message. A subscriber knows its losses exactly from the numbers in the messages.
    ///
    /// - Parameters:
    ///   - bytes: The frame, copied before the call returns.
    ///   - more: Whether further frames of the same message follow.
    /// - Returns: False for a first frame that found the queue of at least one subscriber full.
    /// - Precondition: The socket is a `pub` or `xpub` socket with `reportsDrops`.
    public mutating func publish(_ bytes: RawSpan, more: Bool) throws(ZeroMQError) -> Bool {
        precondition(reportsDrops, "publish needs a pub or xpub socket whose options say reportsDrops")
        if try send(bytes, more: more) { return true }
        try handle.refuseWhenFull(false)
        _ = try send(bytes, more: more)
        try handle.refuseWhenFull(true)
        return false
    }

    /// Begins a message to one peer, without waiting; its frames follow with `send(_:more:)` unless it is refused.
    ///
    /// - Parameter peer: The first frame of a message that the peer has sent.
    /// - Precondition: The socket is a `router` socket.
    public mutating func address(_ peer: RawSpan) throws(ZeroMQError) -> Addressing {
        precondition(
            kind == .router, "only a router socket has peers to choose from; this one is a \(kind) socket")
        let flags = ZMQ_DONTWAIT | ZMQ_SNDMORE
        while peer.withUnsafeBytes({ zmq_send(handle.raw, $0.baseAddress, $0.count, flags) }) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            case EHOSTUNREACH: return .absent
            case let code: throw ZeroMQError(code: code, operation: "send to a peer of a router socket")
            }
        }
        isWithinMessage = true
        return .open
    }

    private func attempt(_ bytes: RawSpan, more: Bool) throws(ZeroMQError) -> Bool {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while bytes.withUnsafeBytes({ zmq_send(handle.raw, $0.baseAddress, $0.count, flags) }) < 0 {
            let code = zmq_errno()
            if code == EAGAIN { return false }
            guard code == EINTR else {
                throw ZeroMQError(code: code, operation: "send to a \(kind) socket")
            }
        }
        return true
    }
}
