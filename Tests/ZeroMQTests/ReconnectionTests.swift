// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import ZeroMQ

/// Connections that libzmq gives up are made anew, and only those.
@Suite struct ReconnectionTests {
    struct Story: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var events: [ConnectionEvent]
        var givenUp: [String]
    }

    static let endpoints = ["tcp://10.0.0.1:5556", "tcp://pump.plant:5556", "tcp://oven:7", "ipc:///run/in"]

    @Test(arguments: [
        Story(testDescription: "nothing happened", events: [], givenUp: []),
        Story(
            testDescription: "lost and tried again",
            events: [.connected(5, endpoints[0]), .disconnected(5), .retried(endpoints[0])], givenUp: []),
        Story(
            testDescription: "lost and there again at once",
            events: [.connected(5, endpoints[0]), .disconnected(5), .connected(6, endpoints[0])],
            givenUp: []),
        Story(
            testDescription: "lost for good", events: [.connected(5, endpoints[0]), .disconnected(5)],
            givenUp: [endpoints[0]]),
        Story(
            testDescription: "lost for good over ipc",
            events: [.connected(5, endpoints[3]), .disconnected(5)],
            givenUp: [endpoints[3]]),
        Story(
            testDescription: "lost for good, while another one is tried",
            events: [
                .connected(5, endpoints[0]), .connected(6, endpoints[1]), .disconnected(5),
                .retried(endpoints[1]),
            ], givenUp: [endpoints[0]]),
        Story(testDescription: "accepted and gone", events: [.disconnected(5)], givenUp: []),
        Story(
            testDescription: "a name, then its address",
            events: [.connected(5, endpoints[1]), .disconnected(5), .retried("tcp://10.0.0.2:5556")],
            givenUp: []),
        Story(
            testDescription: "an address that only a name can have",
            events: [.connected(5, "tcp://10.0.0.2:5556"), .disconnected(5)], givenUp: [endpoints[1]]),
        Story(
            testDescription: "two names of one port, of which one is tried",
            events: [
                .connected(5, "tcp://10.0.0.2:5556"), .connected(6, endpoints[1]), .disconnected(5),
                .disconnected(6), .retried("tcp://10.0.0.3:5556"),
            ], givenUp: [endpoints[1]]),
    ])
    func onlyWhatIsNotTriedAgainIsGivenUp(_ story: Story) {
        var log = ConnectionLog(endpoints: Self.endpoints)
        for event in story.events { log.note(event) }
        #expect(log.takeGivenUp() == [], "libzmq has one round to try by itself")
        #expect(log.takeGivenUp() == story.givenUp)
        #expect(log.takeGivenUp() == [])
    }

    @Test func connectionsAreCounted() {
        var log = ConnectionLog(endpoints: Self.endpoints)
        #expect(log.counts == ConnectionCounts())
        for event: ConnectionEvent in [
            .connected(5, Self.endpoints[0]), .accepted(6), .accepted(7), .disconnected(6), .handshakeFailed,
            .disconnected(7), .disconnected(8), .accepted(6),
        ] { log.note(event) }
        #expect(log.counts == ConnectionCounts(open: 2, made: 4, failedHandshakes: 1))
        log.note(.disconnected(5))
        #expect(log.counts.open == 1)
    }

    /// Peers of a socket that binds: a subscriber, and one that speaks no ZeroMQ.
    @Test func peersAreCounted() throws {
        let context = try Context()
        var publisher = try Socket(.pub, in: context)
        var peers = try Reconnection(of: publisher, to: [])
        try publisher.bind("tcp://127.0.0.1:*")
        let endpoint = try publisher.lastEndpoint
        var subscriber = try Socket(.sub, in: context)
        try subscriber.subscribe(to: "")
        try subscriber.connect(endpoint)
        try join(&subscriber, to: &publisher)
        #expect(try peers.restore(&publisher) == 0)
        #expect(peers.counts == ConnectionCounts(open: 1, made: 1))
        let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
        let stranger = try HTTPExchange(port: port)
        stranger.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + String(repeating: "x", count: 100))
        try eventually("the stranger is turned away") {
            _ = try peers.restore(&publisher)
            return peers.counts.failedHandshakes > 0 && peers.counts.open == 1
        }
        #expect(peers.counts.made == 2)
    }

    /// libzmq itself would never connect to this peer again.
    @Test(arguments: [Transport.tcp, .ipc])
    func aPeerThatSentTooLargeAFrameIsHeardAgain(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var publisher = try Socket(.pub, in: context)
        try publisher.bind(transport.freshEndpoint(in: directory))
        let endpoint = try publisher.lastEndpoint
        var options = SocketOptions()
        options.maximumMessageSize = 1000
        var subscriber = try Socket(.sub, in: context, options: options)
        var reconnection = try Reconnection(of: subscriber, to: [endpoint])
        try subscriber.subscribe(to: "")
        try subscriber.connect(endpoint)
        try join(&subscriber, to: &publisher)
        _ = try publisher.send([[UInt8](repeating: 1, count: 2000)])
        var restoredCount = 0
        try eventually("the connection is made anew") {
            restoredCount += try reconnection.restore(&subscriber)
            return restoredCount > 0
        }
        try join(&subscriber, to: &publisher)
        #expect(restoredCount == 1)
        #expect(try reconnection.restore(&subscriber) == 0)
    }
}
