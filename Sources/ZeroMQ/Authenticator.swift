// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Decides who may connect to the sockets of a context that use CURVE: those whose public keys it has (ZAP, ZeroMQ RFC 27).
///
/// One for each context, made before the sockets; it belongs to one thread, which calls `serve` when the poller wakes it.
/// Until then peers that connect wait.
public struct Authenticator: ~Copyable {
    /// Who was not admitted.
    public struct Refusals: Sendable, Equatable {
        /// How often.
        public var count: UInt64 = 0
        /// The key of the last one, which it has proved to have.
        public var key: CurveKey?
        /// The network address of the last one; empty where it is of this machine.
        public var address = ""

        /// None was refused.
        public init() {}
    }

    /// The keys that are admitted, by the domain of the socket.
    public var clients: [String: Set<CurveKey>]
    private var socket: Socket
    private var refusals: [String: Refusals] = [:]

    /// The most requests that are answered at a time.
    private static let batch = 32

    /// Begins to decide.
    public init(_ clients: [String: Set<CurveKey>], in context: Context) throws(ZeroMQError) {
        self.clients = clients
        var socket = try Socket(.rep, in: context)
        try socket.bind("inproc://zeromq.zap.01")
        self.socket = socket
    }

    /// Lets a poller watch for peers that connect.
    public func watch(by poller: inout Poller) { _ = poller.add(socket) }

    /// Who was refused at the sockets of a domain.
    public func refusals(of domain: String) -> Refusals { refusals[domain] ?? Refusals() }

    /// Decides on the peers that wait; says whether there were any.
    public mutating func serve() throws(ZeroMQError) -> Bool {
        for count in 0..<Self.batch {
            guard let request = try receive() else { return count > 0 }
            try answer(request)
        }
        return true
    }

    private mutating func receive() throws(ZeroMQError) -> [[UInt8]]? {
        var frame = Message()
        guard try socket.receive(into: &frame, wait: false) else { return nil }
        var frames = [frame.bytes.withUnsafeBytes { Array($0) }]
        while frame.hasMore, try socket.receive(into: &frame, wait: false) {
            frames.append(frame.bytes.withUnsafeBytes { Array($0) })
        }
        return frames
    }

    /// A request is `version, id, domain, address, routing id, mechanism, key`, an answer `version, id, status, reason, user,
    /// metadata`.
    private mutating func answer(_ request: [[UInt8]]) throws(ZeroMQError) {
        let isAdmitted = decide(request)
        let (status, reason) = isAdmitted ? ("200", "OK") : ("400", "this key is not admitted")
        let identifier = request.count > 1 ? request[1] : []
        // Not as the user's id: that libzmq counts as a message of the sender's, beyond its high-water mark.
        let metadata = isAdmitted ? Self.metadata(key: request[6]) : []
        let frames = [Array("1.0".utf8), identifier, Array(status.utf8), Array(reason.utf8), [], metadata]
        for (index, bytes) in frames.enumerated() {
            _ = try socket.send(bytes.span.bytes, more: index + 1 < frames.count)
        }
    }

    /// What goes with each message of a client: a property with its key, as ZMTP writes properties (ZeroMQ RFC 23).
    private static func metadata(key: [UInt8]) -> [UInt8] {
        guard let key = key.withUnsafeBytes({ CurveKey($0.bytes) }) else { return [] }
        let length = withUnsafeBytes(of: UInt32(key.text.utf8.count).bigEndian, Array.init)
        return [UInt8(keyProperty.utf8.count)] + keyProperty.utf8 + length + key.text.utf8
    }

    /// The name of that property; clients may say properties of their own, and must not guess it.
    static let keyProperty = "Key-" + String(UInt32.random(in: 0...(.max)), radix: 36)

    private mutating func decide(_ request: [[UInt8]]) -> Bool {
        guard request.count == 7, request[0] == Array("1.0".utf8), request[5] == Array("CURVE".utf8),
            let key = request[6].withUnsafeBytes({ CurveKey($0.bytes) })
        else { return false }
        let domain = String(decoding: request[2], as: UTF8.self)
        if clients[domain]?.contains(key) ?? false { return true }
        refusals[domain, default: Refusals()].count += 1
        refusals[domain]?.key = key
        // A socket that understands IPv6 as well gives IPv4 addresses its form.
        let address = String(decoding: request[3], as: UTF8.self)
        refusals[domain]?.address = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
        return false
    }
}
