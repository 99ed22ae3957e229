// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ

/// Makes connections anew that libzmq has given up.
///
/// libzmq tries a lost connection again, but not one whose peer broke the protocol, as by a frame above
/// `SocketOptions/maximumMessageSize`: without this the socket would be deaf to that peer for ever.
public struct Reconnection: ~Copyable {
    private let monitor: Monitor
    private var log: ConnectionLog

    /// Watches a socket, before it connects to `endpoints`.
    public init(of socket: borrowing Socket, to endpoints: [String]) throws(ZeroMQError) {
        monitor = try Monitor(socket.handle)
        log = ConnectionLog(endpoints: endpoints)
    }

    /// What became of the socket's connections, as of the last `restore`.
    public var counts: ConnectionCounts { log.counts }

    /// Makes connections of the socket anew that were given up before the last call; gives their number.
    ///
    /// Call it about once a second, on the socket's thread, when all that has arrived is received: libzmq has
    /// the time between two calls to try again by itself. What a given up connection had not delivered is lost.
    public mutating func restore(_ socket: inout Socket) throws(ZeroMQError) -> Int {
        while let event = try monitor.next() { log.note(event) }
        let endpoints = log.takeGivenUp()
        for endpoint in endpoints {
            // An error says that the endpoint is forgotten already.
            zmq_disconnect(socket.handle.raw, endpoint)
            try socket.connect(endpoint)
        }
        return endpoints.count
    }
}
