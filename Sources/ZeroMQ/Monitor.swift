// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// What libzmq says of the connections that a socket has made.
///
/// It belongs to the socket's thread, and keeps the socket open.
final class Monitor {
    private let socket: SocketHandle
    private let pair: UnsafeMutableRawPointer

    private static let failures =
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    private static let events =
        ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
        | failures

    /// Listens from now on.
    init(_ socket: SocketHandle) throws(ZeroMQError) {
        self.socket = socket
        pair = try socket.context.open(ZMQ_PAIR, "pair")
        // Without a limit: where the queue is full, libzmq's own thread would wait for its reader.
        var limit: Int32 = 0
        zmq_setsockopt(pair, ZMQ_RCVHWM, &limit, MemoryLayout<Int32>.size)
        let address = "inproc://monitor-\(UInt(bitPattern: socket.raw))"
        try socket.call("monitor a socket") { zmq_socket_monitor($0, address, Self.events) }
        guard zmq_connect(pair, address) == 0 else {
            throw ZeroMQError(code: zmq_errno(), operation: "listen to the monitor of a socket")
        }
    }

    deinit {
        // In this order: libzmq would wait for a reader that is gone.
        zmq_socket_monitor(socket.raw, nil, 0)
        zmq_close(pair)
    }

    /// The next event, if there is one.
    func next() throws(ZeroMQError) -> ConnectionEvent? {
        var head = Message()
        var endpoint = Message()
        guard try receive(into: &head), try receive(into: &endpoint) else { return nil }
        let kind = head.bytes.unsafeLoadUnaligned(as: UInt16.self)
        let descriptor = head.bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: Int32.self)
        let name = Socket.plain(endpoint.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        switch Int32(kind) {
        case ZMQ_EVENT_CONNECTED: return .connected(descriptor, name)
        case ZMQ_EVENT_ACCEPTED: return .accepted(descriptor)
        case ZMQ_EVENT_DISCONNECTED: return .disconnected(descriptor)
        case let kind where kind & Self.failures != 0: return .handshakeFailed
        default: return .retried(name)
        }
    }

    private func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(message.content, pair, ZMQ_DONTWAIT) < 0 {
            let code = zmq_errno()
            if code == EAGAIN { return false }
            guard code == EINTR else { throw ZeroMQError(code: code, operation: "read a socket's events") }
        }
        return true
    }
}
