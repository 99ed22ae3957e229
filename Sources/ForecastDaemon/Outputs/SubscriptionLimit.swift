// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// Takes in what the subscribers of an output ask for, and cuts a connection that asks for too much.
///
/// libzmq keeps each topic that a subscriber asks for, and has granted it before anybody can refuse: 200 000 topics of one
/// subscriber took 455 MB. They go with the connection.
struct SubscriptionLimit: ~Copyable {
    /// What is asked for over a connection.
    private struct Count {
        /// Which of all connections it is.
        var connection: UInt64
        var topics = 0
        /// Whether it was cut; what is left of its requests does not matter.
        var isCut = false
    }

    private let limit: Int
    /// By the connections' descriptors.
    private var counts: [Int32: Count] = [:]
    /// The request that came last.
    private(set) var request = Message()
    /// Connections that were cut.
    private(set) var cut: UInt64 = 0

    init(_ limit: Int) { self.limit = limit }

    /// Receives a request, if one has come.
    mutating func receive(
        from socket: inout Socket, peers: inout Reconnection
    ) throws(ZeroMQError) -> Bool {
        guard try socket.receive(into: &request, wait: false) else { return false }
        if let descriptor = request.descriptor { try count(descriptor, peers: &peers) }
        return true
    }

    /// Leaves out what follows the frame of a request, which only a peer of the kind `xsub` sends.
    mutating func discardRest(from socket: inout Socket) throws(ZeroMQError) {
        _ = try socket.discardRest(of: &request)
    }

    private mutating func count(_ descriptor: Int32, peers: inout Reconnection) throws(ZeroMQError) {
        // The descriptor of a connection that has ended is that of another later.
        let isNew = counts[descriptor] == nil
        let connection = isNew ? try peers.identify(descriptor) : peers.acceptance(of: descriptor)
        // One that this side has made is to someone who was chosen.
        guard let connection else { return }
        var count = counts[descriptor] ?? Count(connection: connection)
        if count.connection != connection { count = Count(connection: connection) }
        count.topics += Self.change(by: request)
        if count.topics > limit, !count.isCut, try peers.cutPeer(descriptor, accepted: connection) {
            count.isCut = true
            cut += 1
        }
        counts[descriptor] = count
    }

    private static func change(by request: borrowing Message) -> Int {
        switch SubscriptionRequest(request.bytes) {
        case .subscribe: 1
        case .unsubscribe: -1
        case .unknown: 0
        }
    }
}
