// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// Takes in what the subscribers of an output ask for, and cuts a connection that asks for too much.
///
/// libzmq keeps each topic that a subscriber asks for, and has granted it before anybody can refuse: 200 000 topics of one
/// subscriber took 455 MB. They go with the connection. It also takes over what a connection asks for faster than it is
/// received here, and keeps it without limit, so that who asks too often is cut, too.
struct SubscriptionLimit: ~Copyable {
    /// What is asked for over a connection.
    private struct Requests {
        /// Which of all connections it is.
        let connection: UInt64
        /// The hashes of the topics that it has now: an unsubscription of any other is worth nothing.
        var topics: Set<Int> = []
        /// Requests since the last `beginSecond`.
        var recent = 0
        /// Whether it asked for what is no subscription.
        var isForeign = false
        /// Whether it was cut; what is left of its requests does not matter.
        var isCut = false

        mutating func add(_ request: borrowing Message) {
            recent += 1
            switch SubscriptionRequest(request.bytes) {
            case .subscribe(let topic): topics.insert(Self.hash(topic))
            case .unsubscribe(let topic): topics.remove(Self.hash(topic))
            case .unknown: isForeign = true
            }
        }

        private static func hash(_ topic: RawSpan) -> Int {
            // Seeded anew in each process: nobody can find topics with the same hash.
            var hasher = Hasher()
            topic.withUnsafeBytes { hasher.combine(bytes: $0) }
            return hasher.finalize()
        }
    }

    private let limit: Int
    /// By the connections' descriptors.
    private var connections: [Int32: Requests] = [:]
    /// The request that came last.
    private(set) var request = Message()
    /// Connections that were cut.
    private(set) var cut: UInt64 = 0

    init(_ limit: Int) { self.limit = limit }

    /// Requests of a connection in a second: all topics may be exchanged for others.
    private var mostRequests: Int { 2 * limit + 1000 }

    /// Receives a request, if one has come.
    mutating func receive(
        from socket: inout Socket, peers: inout Reconnection
    ) throws(ZeroMQError) -> Bool {
        guard try socket.receive(into: &request, wait: false) else { return false }
        if let descriptor = request.descriptor { try note(descriptor, peers: &peers) }
        return true
    }

    /// Leaves out what follows the frame of a request, which only a peer of the kind `xsub` sends.
    mutating func discardRest(from socket: inout Socket) throws(ZeroMQError) {
        _ = try socket.discardRest(of: &request)
    }

    /// Lets every connection ask anew, and forgets those that have ended.
    mutating func beginSecond(_ peers: borrowing Reconnection) {
        for descriptor in Array(connections.keys) {
            if peers.acceptance(of: descriptor) == connections[descriptor]?.connection {
                connections[descriptor]?.recent = 0
            } else {
                connections[descriptor] = nil
            }
        }
    }

    private mutating func note(_ descriptor: Int32, peers: inout Reconnection) throws(ZeroMQError) {
        // With a look at each: the descriptor of a connection that has ended is that of the next one at once.
        // One that this side has made is to someone who was chosen.
        guard let connection = try peers.identify(descriptor) else { return }
        var requests = connections.removeValue(forKey: descriptor) ?? Requests(connection: connection)
        if requests.connection != connection { requests = Requests(connection: connection) }
        try count(&requests, descriptor, peers: &peers)
        connections[descriptor] = requests
    }

    private mutating func count(
        _ requests: inout Requests, _ descriptor: Int32, peers: inout Reconnection
    ) throws(ZeroMQError) {
        guard !requests.isCut else { return }
        requests.add(request)
        let isTooMuch =
            requests.isForeign || requests.topics.count > limit || requests.recent > mostRequests
        guard isTooMuch, try peers.cutPeer(descriptor, accepted: requests.connection) else { return }
        (requests.isCut, requests.topics) = (true, [])
        cut += 1
    }
}
