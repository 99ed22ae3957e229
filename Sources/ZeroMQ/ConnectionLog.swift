// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What happens to a connection that a socket has made.
package enum ConnectionEvent: Sendable, Equatable {
    /// It stands, on a descriptor, to an endpoint.
    case connected(Int32, String)
    /// A peer has made one, on a descriptor.
    case accepted(Int32)
    /// The connection on a descriptor is lost.
    case disconnected(Int32)
    /// libzmq tries an endpoint again.
    case retried(String)
    /// The peer does not speak ZeroMQ, or another version or security of it; the connection is lost, which is said too.
    case handshakeFailed
}

/// Finds out which connections libzmq has given up: those that were lost and are not tried again.
package struct ConnectionLog: Sendable {
    private let endpoints: [String]
    private var connected: [Int32: String] = [:]
    /// Which of all connections those are that peers have made, by their descriptors.
    private(set) package var acceptances: [Int32: UInt64] = [:]
    private var (made, failedHandshakes): (UInt64, UInt64) = (0, 0)
    /// Lost connections by their endpoint, with the round in which they were lost.
    private var lost: [String: UInt64] = [:]
    private var round: UInt64 = 0

    /// Makes the log of a socket that connects to `endpoints`.
    package init(endpoints: [String]) { self.endpoints = endpoints }

    /// Notes an event.
    package mutating func note(_ event: ConnectionEvent) {
        switch event {
        case .connected(let descriptor, let name):
            connected[descriptor] = name
            made += 1
            recover(name)
        case .accepted(let descriptor):
            made += 1
            acceptances[descriptor] = made
        case .disconnected(let descriptor):
            // One that was not made by the socket but accepted: its peer comes back or not.
            if acceptances.removeValue(forKey: descriptor) != nil { return }
            guard let name = connected.removeValue(forKey: descriptor) else { return }
            lost[name] = round
        case .retried(let name):
            recover(name)
        case .handshakeFailed:
            failedHandshakes += 1
        }
    }

    /// What was noted so far.
    package var counts: ConnectionCounts {
        ConnectionCounts(
            open: connected.count + acceptances.count, made: made, failedHandshakes: failedHandshakes)
    }

    /// Which of all connections the one on a descriptor is that a peer has made; nil if none has.
    package func acceptance(of descriptor: Int32) -> UInt64? { acceptances[descriptor] }

    /// Ends a round; gives the endpoints of connections that were lost before the round and not tried again.
    package mutating func takeGivenUp() -> [String] {
        let names = lost.filter { $0.value < round }.keys
        for name in names { lost[name] = nil }
        round += 1
        return Set(names.flatMap(candidates)).sorted()
    }

    private mutating func recover(_ name: String) {
        if lost.removeValue(forKey: name) != nil || endpoints.contains(name) { return }
        let near = lost.keys.filter { Self.port($0) == Self.port(name) }
        if near.count == 1 { lost[near[0]] = nil }
    }

    /// The endpoints that an event can be about.
    ///
    /// When libzmq has resolved a host's name, it calls the endpoint by the address.
    private func candidates(_ name: String) -> [String] {
        if endpoints.contains(name) { return [name] }
        return endpoints.filter { Self.port($0) == Self.port(name) && Self.hasName($0) }
    }

    private static func port(_ endpoint: String) -> Substring? { endpoint.split(separator: ":").last }

    private static func hasName(_ endpoint: String) -> Bool {
        !endpoint.dropFirst("tcp://".count).allSatisfy { "0123456789.:[]".contains($0) }
    }
}
