// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// What a socket does with messages.
public enum SocketKind: Sendable, Equatable {
    /// Receives the messages whose first frame begins with a subscribed prefix.
    case sub
    /// Receives messages, taken in turn from all its peers.
    case pull
    /// Sends each message to every subscriber of it.
    case pub
    /// As `pub`; receives what its subscribers ask for, see `SubscriptionRequest`.
    case xpub
    /// Sends each message to one peer, in turn.
    case push
    /// Talks with a `router` socket: sends messages to it and receives its answers.
    case dealer
    /// Receives the messages of all its peers in turn, each with a first frame that says of whom, and answers each
    /// peer, see `Socket/address(_:)`.
    case router
    /// Receives requests and answers each before the next.
    case rep

    var constant: Int32 {
        switch self {
        case .sub: ZMQ_SUB
        case .pull: ZMQ_PULL
        case .pub: ZMQ_PUB
        case .xpub: ZMQ_XPUB
        case .push: ZMQ_PUSH
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .rep: ZMQ_REP
        }
    }

    var publishes: Bool { self == .pub || self == .xpub }

    var sends: Bool { self != .sub && self != .pull }
}

/// A socket, owned by one thread.
///
/// It is closed when it goes away, or, where a `Poller` waits for it, when both are gone. What waits to be
/// sent is then sent in the background for as long as `linger` allows; the endpoint it was bound to may be
/// held a moment longer.
public struct Socket: ~Copyable {
    let handle: SocketHandle
    /// What the socket does with messages.
    public let kind: SocketKind
    let reportsDrops: Bool
    private let curve: CurveSecurity?
    /// Whether the last frame that was sent announced another one.
    var isWithinMessage = false

    /// Opens a socket and applies its settings.
    public init(_ kind: SocketKind, in context: Context, options: SocketOptions = SocketOptions())
        throws(ZeroMQError)
    {
        handle = try SocketHandle(kind, in: context, options: options)
        self.kind = kind
        reportsDrops = kind.publishes && options.reportsDrops
        curve = options.curve
    }

    /// Listens on an endpoint: `tcp://address:port`, `ipc:///path` or `inproc://name`; the port `*` lets the
    /// system choose, see `lastEndpoint`.
    ///
    /// - Important: An `ipc` path that another socket listens on is not refused but taken over.
    public mutating func bind(_ endpoint: String) throws(ZeroMQError) {
        guard Self.isPortInRange(endpoint) else {
            throw ZeroMQError(code: EINVAL, operation: "bind to \(endpoint)")
        }
        if let curve { try handle.serve(curve) }
        // Of each bind anew: libzmq would take the descriptor for the next one too.
        let listener = handle.context.listener(endpoint) ?? -1
        try handle.set(ZMQ_USE_FD, to: Int(listener), "the descriptor that listens")
        try handle.call("bind to \(endpoint)") { zmq_bind($0, endpoint) }
    }

    /// Connects to an endpoint, and again whenever the connection is lost.
    ///
    /// The connection is made in the background: a peer that is absent, or a host name that cannot be
    /// resolved, is no error; libzmq tries again.
    ///
    /// - Precondition: Where the options have `curve`, that has a `serverKey`.
    public mutating func connect(_ endpoint: String) throws(ZeroMQError) {
        guard Self.isPortInRange(endpoint) else {
            throw ZeroMQError(code: EINVAL, operation: "connect to \(endpoint)")
        }
        if let curve { try handle.prove(curve) }
        try handle.call("connect to \(endpoint)") { zmq_connect($0, endpoint) }
    }

    /// Whether a TCP port given as a number fits: libzmq would cut 65537 down to 1 and use that.
    private static func isPortInRange(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return true }
        let port = endpoint[endpoint.index(after: colon)...]
        return !port.utf8.allSatisfy { (48...57).contains($0) } || UInt16(port) != nil || port.isEmpty
    }

    /// Asks for the messages whose first frame begins with a prefix; the empty one means all messages.
    ///
    /// A socket without any subscription receives nothing. Prefer a few broad prefixes: each is sent to every
    /// publisher at every reconnection, and counts against the publisher's high-water mark.
    ///
    /// - Precondition: The socket is of the kind `sub`.
    public mutating func subscribe(to prefix: String) throws(ZeroMQError) {
        precondition(kind == .sub, "only a sub socket subscribes; this one is a \(kind) socket")
        let bytes = Array(prefix.utf8)
        try handle.call("subscribe to \"\(prefix)\"") {
            zmq_setsockopt($0, ZMQ_SUBSCRIBE, bytes, bytes.count)
        }
    }

    /// The endpoint of the last bind or connect, with the port that the system chose; empty before the first.
    public var lastEndpoint: String {
        get throws(ZeroMQError) {
            var buffer = [CChar](repeating: 0, count: 1024)
            var byteCount = buffer.count
            try handle.call("read the endpoint of a \(kind) socket") {
                zmq_getsockopt($0, ZMQ_LAST_ENDPOINT, &buffer, &byteCount)
            }
            // The count includes the closing zero.
            let endpoint = String(
                decoding: buffer.prefix(byteCount - 1).map(UInt8.init(bitPattern:)), as: UTF8.self)
            return Self.plain(endpoint)
        }
    }

    /// An endpoint without the IPv6 form that a socket which understands both gives to an IPv4 address.
    ///
    /// `tcp://127.0.0.1:5557` for `tcp://[::ffff:127.0.0.1]:5557`. A peer without IPv6 understands it too.
    static func plain(_ endpoint: String) -> String {
        let mapped = "tcp://[::ffff:"
        guard endpoint.hasPrefix(mapped), let end = endpoint.lastIndex(of: "]") else { return endpoint }
        return "tcp://" + endpoint.dropFirst(mapped.count)[..<end] + endpoint[endpoint.index(after: end)...]
    }
}
