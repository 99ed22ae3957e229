// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

@Suite struct RoundTripTests {
    static let messages: [[[UInt8]]] = [
        [bytes("plant.temp {\"value\":1}")],
        [bytes("plant.temp"), bytes("{\"value\":1}")],
        [bytes("plant.temp"), bytes("{\"value\":1}"), [1, 0, 0, 0, 0, 0, 0, 0]],
        [[]],
        [[], [], []],
        [bytes("plant.temp"), []],
        // Frames of up to 33 bytes lie inside libzmq's message, longer ones apart from it.
        [Array(repeating: 7, count: 33), Array(repeating: 8, count: 34)],
        [bytes("big"), (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }],
    ]

    @Test(arguments: Transport.allCases)
    func pulledMessagesEqualThePushedOnesInOrder(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var pull = try Socket(.pull, in: context)
        try pull.bind(transport.freshEndpoint(in: directory))
        var push = try Socket(.push, in: context)
        try push.connect(try pull.lastEndpoint)

        for message in Self.messages {
            try eventually("a peer is connected") { try push.send(message) }
        }
        for message in Self.messages {
            let received = try pull.receiveWithinDeadline()
            #expect(received == message)
        }
        let further = try pull.receiveIfAny()
        #expect(further == nil)
    }

    @Test(arguments: Transport.allCases)
    func subscribedMessagesEqualThePublishedOnesInOrder(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var publisher = try Socket(.pub, in: context)
        try publisher.bind(transport.freshEndpoint(in: directory))
        var subscriber = try Socket(.sub, in: context)
        try subscriber.subscribe(to: "")
        try subscriber.connect(try publisher.lastEndpoint)
        try join(&subscriber, to: &publisher)

        for message in Self.messages {
            let isSent = try publisher.send(message)
            #expect(isSent)
        }
        for message in Self.messages {
            let received = try subscriber.receiveWithinDeadline()
            #expect(received == message)
        }
    }

    @Test func thousandsOfMessagesKeepTheirOrder() throws {
        let context = try Context()
        var pull = try Socket(.pull, in: context)
        try pull.bind("tcp://127.0.0.1:*")
        var push = try Socket(.push, in: context)
        try push.connect(try pull.lastEndpoint)
        let count = 20_000

        for number in 0..<count {
            try eventually("a peer is connected") { try push.send([bytes("id"), bytes("\(number)")]) }
        }
        for number in 0..<count {
            let received = try pull.receiveWithinDeadline()
            try #require(received == [bytes("id"), bytes("\(number)")])
        }
    }

    @Test func aSubscriberReceivesWhatBeginsWithItsPrefixesOnly() throws {
        let context = try Context()
        var publisher = try Socket(.pub, in: context)
        try publisher.bind("tcp://127.0.0.1:*")
        var subscriber = try Socket(.sub, in: context)
        for prefix in ["plant.", "lab.temp", "join"] { try subscriber.subscribe(to: prefix) }
        try subscriber.connect(try publisher.lastEndpoint)
        try join(&subscriber, to: &publisher)

        let ids = ["plant.temp", "plant", "lab.temperature", "lab.hum", "", "PLANT.temp", "plant.", "joined"]
        for id in ids { _ = try publisher.send([bytes(id), bytes("1")]) }
        for id in ["plant.temp", "lab.temperature", "plant.", "joined"] {
            let received = try subscriber.receiveWithinDeadline()
            #expect(received == [bytes(id), bytes("1")])
        }
        let further = try subscriber.receiveIfAny()
        #expect(further == nil)
    }

    @Test func aSubscriberWithoutSubscriptionReceivesNothing() throws {
        let context = try Context()
        var publisher = try Socket(.pub, in: context)
        try publisher.bind("inproc://silent")
        var deaf = try Socket(.sub, in: context)
        var hearing = try Socket(.sub, in: context)
        try hearing.subscribe(to: "")
        try deaf.connect("inproc://silent")
        try hearing.connect("inproc://silent")
        try join(&hearing, to: &publisher)

        let received = try deaf.receiveIfAny()
        #expect(received == nil)
    }

    @Test func oneSocketListensAndConnectsToSeveralPeers() throws {
        let context = try Context()
        var publishers: [2 of Socket] = [try Socket(.pub, in: context), try Socket(.pub, in: context)]
        var subscriber = try Socket(.sub, in: context)
        try subscriber.subscribe(to: "")
        try subscriber.bind("tcp://127.0.0.1:*")
        try publishers[0].connect(try subscriber.lastEndpoint)
        try publishers[1].bind("tcp://127.0.0.1:*")
        try subscriber.connect(try publishers[1].lastEndpoint)

        for index in publishers.indices { try join(&subscriber, to: &publishers[index]) }
        for index in publishers.indices {
            _ = try publishers[index].send([bytes("from \(index)")])
            let received = try subscriber.receiveWithinDeadline()
            #expect(received == [bytes("from \(index)")])
        }
    }

    @Test func theRestOfALongMessageIsDiscardedAndTheNextOneIsWhole() throws {
        let context = try Context()
        var pull = try Socket(.pull, in: context)
        try pull.bind("inproc://long")
        var push = try Socket(.push, in: context)
        try push.connect("inproc://long")
        _ = try push.send((0..<10).map { [UInt8($0)] })
        _ = try push.send([bytes("next")])

        var message = Message()
        let isReceived = try pull.receive(into: &message, wait: true)
        #expect(isReceived)
        let discardedCount = try pull.discardRest(of: &message)
        #expect(discardedCount == 9)
        let last = message.array
        #expect(last == [9])
        let nothing = try pull.discardRest(of: &message)
        #expect(nothing == 0)
        let next = try pull.receiveWithinDeadline()
        #expect(next == [bytes("next")])
    }

    @Test func aMessageIsEmptyBeforeItIsFilledAndWhenThereWasNothing() throws {
        let context = try Context()
        var pull = try Socket(.pull, in: context)
        try pull.bind("inproc://empty")
        var push = try Socket(.push, in: context)
        try push.connect("inproc://empty")
        var message = Message()
        var state = (message.byteCount, message.hasMore, message.array)
        #expect(state == (0, false, []))

        _ = try push.send([bytes("full")])
        _ = try pull.receive(into: &message, wait: true)
        state = (message.byteCount, message.hasMore, message.array)
        #expect(state == (4, false, bytes("full")))

        let isReceived = try pull.receive(into: &message, wait: false)
        #expect(!isReceived)
        state = (message.byteCount, message.hasMore, message.array)
        #expect(state == (0, false, []))
    }
}
