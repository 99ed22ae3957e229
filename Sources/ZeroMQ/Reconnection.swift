// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ

/// Makes connections anew that libzmq has given up, and cuts those that are not wanted any more.
///
/// libzmq tries a lost connection again, but not one whose peer broke the protocol, as by a frame above
/// `SocketOptions/maximumMessageSize`: without this the socket would be deaf to that peer for ever.
public struct Reconnection: ~Copyable {
    private let monitor: Monitor
    private let copy: DescriptorCopy
    private var log: ConnectionLog

    /// Watches a socket, before it connects to `endpoints`.
    public init(of socket: borrowing Socket, to endpoints: [String]) throws(ZeroMQError) {
        let (monitor, copy) = (try Monitor(socket.handle), try DescriptorCopy())
        (self.monitor, self.copy) = (monitor, copy)
        log = ConnectionLog(endpoints: endpoints)
    }

    /// What became of the socket's connections, as of the last `restore`.
    public var counts: ConnectionCounts { log.counts }

    /// Makes connections of the socket anew that were given up before the last call; gives their number.
    ///
    /// Call it about once a second, on the socket's thread, when all that has arrived is received: libzmq has
    /// the time between two calls to try again by itself. What a given up connection had not delivered is lost.
    public mutating func restore(_ socket: inout Socket) throws(ZeroMQError) -> Int {
        try listen()
        let endpoints = log.takeGivenUp()
        for endpoint in endpoints {
            // An error says that the endpoint is forgotten already.
            zmq_disconnect(socket.handle.raw, endpoint)
            try socket.connect(endpoint)
        }
        return endpoints.count
    }

    /// Cuts the connections that peers have made to the socket, all of them: whoever is still admitted comes back.
    ///
    /// libzmq decides on a peer only when it connects, and has no way to turn one away later. What was on its way over a
    /// connection is lost, as where the network cuts it; what had arrived can still be received.
    public mutating func cutPeers() throws(ZeroMQError) {
        try listen()
        for (descriptor, number) in log.acceptances { _ = try cutPeer(descriptor, accepted: number) }
    }

    /// Cuts a connection that a peer has made; false where it is not one, or is a later one than a number says.
    ///
    /// - Parameter number: What `acceptance(of:)` said of the connection.
    public mutating func cutPeer(_ descriptor: Int32, accepted number: UInt64) throws(ZeroMQError) -> Bool {
        // libzmq says that a connection is lost before it closes its descriptor: where it has not said so by now, the copy is
        // of that connection, and not of what has the number next.
        try copy.shutDown(descriptor) { () throws(ZeroMQError) -> Bool in
            try listen()
            return log.acceptance(of: descriptor) == number
        }
    }

    /// As `acceptance(of:)`, after a look.
    public mutating func identify(_ descriptor: Int32) throws(ZeroMQError) -> UInt64? {
        try listen()
        return log.acceptance(of: descriptor)
    }

    /// Which of all connections that were made the one on a descriptor is, as of the last look; nil if no peer has made it.
    public func acceptance(of descriptor: Int32) -> UInt64? { log.acceptance(of: descriptor) }

    private mutating func listen() throws(ZeroMQError) {
        while let event = try monitor.next() { log.note(event) }
    }
}
