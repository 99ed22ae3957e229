// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// An open socket of libzmq with its settings in force, closed with the last reference.
final class SocketHandle {
    let raw: UnsafeMutableRawPointer
    private let kind: SocketKind
    let context: Context

    init(_ kind: SocketKind, in context: Context, options: SocketOptions) throws(ZeroMQError) {
        self.kind = kind
        self.context = context
        raw = try context.open(kind.constant, "\(kind)")
        try apply(options)
    }

    deinit { zmq_close(raw) }

    /// Sets every option explicitly, so that no default of libzmq's is in force unseen.
    private func apply(_ options: SocketOptions) throws(ZeroMQError) {
        try set(ZMQ_RCVHWM, to: options.receiveHighWaterMark, "the receive high-water mark")
        try set(ZMQ_SNDHWM, to: options.sendHighWaterMark, "the send high-water mark")
        try setMaximumMessageSize(to: options.maximumMessageSize)
        try set(ZMQ_LINGER, to: kind.sends ? options.linger : .zero, "the linger time")
        try set(ZMQ_HEARTBEAT_IVL, to: options.heartbeatInterval, "the heartbeat interval")
        try set(ZMQ_HEARTBEAT_TIMEOUT, to: options.heartbeatTimeout, "the heartbeat timeout")
        try set(ZMQ_HEARTBEAT_TTL, to: options.heartbeatTimeToLive, "the heartbeat time to live")
        try set(ZMQ_RECONNECT_IVL, to: options.reconnectInterval, "the reconnect interval")
        try set(ZMQ_RECONNECT_IVL_MAX, to: options.maximumReconnectInterval, "the maximum reconnect interval")
        try set(ZMQ_HANDSHAKE_IVL, to: options.handshakeInterval, "the handshake interval")
        try set(ZMQ_TCP_KEEPALIVE, to: options.tcpKeepalive ? 1 : 0, "TCP keepalive")
        try set(ZMQ_IPV6, to: options.ipv6 ? 1 : 0, "IPv6")
        try set(
            ZMQ_IMMEDIATE, to: (kind == .push || kind == .dealer) && options.immediate ? 1 : 0, "immediate")
        if kind.publishes { try refuseWhenFull(options.reportsDrops) }
        // Each one, also of topics that another peer has subscribed to already.
        if kind == .xpub { try set(ZMQ_XPUB_VERBOSER, to: 1, "the reporting of subscriptions") }
        if kind == .router { try set(ZMQ_ROUTER_MANDATORY, to: 1, "the reporting of absent peers") }
    }

    /// Whether a `pub` or `xpub` socket refuses a message that not every subscriber has room for, or drops it for
    /// those.
    ///
    /// libzmq heeds a change at once, also between two messages.
    func refuseWhenFull(_ refuses: Bool) throws(ZeroMQError) {
        try set(ZMQ_XPUB_NODROP, to: refuses ? 1 : 0, "the reporting of drops")
    }

    /// Calls libzmq, again where a signal interrupted it, and throws when it refuses.
    func call(_ operation: @autoclosure () -> String, _ body: (UnsafeMutableRawPointer) -> Int32)
        throws(ZeroMQError)
    {
        while body(raw) != 0 {
            let code = zmq_errno()
            guard code == EINTR else { throw ZeroMQError(code: code, operation: operation()) }
        }
    }

    /// Lets the socket take note of what its peers did: connected, read, went away.
    func processCommands() {
        var (events, byteCount): (Int32, Int) = (0, MemoryLayout<Int32>.size)
        // The value does not matter here, and an error comes again from the operation that follows.
        _ = zmq_getsockopt(raw, ZMQ_EVENTS, &events, &byteCount)
    }

    private func set(_ option: Int32, to duration: Duration, _ name: String) throws(ZeroMQError) {
        guard duration >= .zero else {
            throw ZeroMQError(code: EINVAL, operation: "set \(name) to \(duration)")
        }
        try set(option, to: duration.wholeMilliseconds, name)
    }

    func set(_ option: Int32, to value: Int, _ name: String) throws(ZeroMQError) {
        var value = Int32(clamping: value)
        try call("set \(name) of a \(kind) socket to \(value)") {
            zmq_setsockopt($0, option, &value, MemoryLayout<Int32>.size)
        }
    }

    private func setMaximumMessageSize(to byteCount: Int) throws(ZeroMQError) {
        var value = Int64(byteCount)
        try call("set the maximum message size of a \(kind) socket to \(byteCount) bytes") {
            zmq_setsockopt($0, ZMQ_MAXMSGSIZE, &value, MemoryLayout<Int64>.size)
        }
    }
}
