// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

/// What happens when a peer reads too slowly.
@Suite struct FullPeerTests {
    static let messageCount = 1500

    /// A message of three frames, long enough that a thousand exceed what the kernel buffers.
    func message(_ number: Int) -> [[UInt8]] {
        [
            bytes("plant.temp"), bytes("\(number)") + Array(repeating: 32, count: 32_000),
            [0, 1, 2, 3, 4, 5, 6, 7],
        ]
    }

    func number(of message: [[UInt8]]) throws -> Int {
        try #require(message.count == 3, "a message lost frames")
        #expect(message[2] == [0, 1, 2, 3, 4, 5, 6, 7])
        return try #require(Int(String(decoding: message[1].prefix { $0 != 32 }, as: UTF8.self)))
    }

    @Test(arguments: Transport.allCases)
    func aFullSubscriberIsCountedAndTheOthersMissNothing(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var options = SocketOptions()
        options.sendHighWaterMark = 8
        options.reportsDrops = true
        var publisher = try Socket(.pub, in: context, options: options)
        try publisher.bind(transport.freshEndpoint(in: directory))
        options.receiveHighWaterMark = 8
        var slow = try Socket(.sub, in: context, options: options)
        options.receiveHighWaterMark = 100_000
        var fast = try Socket(.sub, in: context, options: options)
        try slow.subscribe(to: "")
        try fast.subscribe(to: "")
        try slow.connect(try publisher.lastEndpoint)
        try fast.connect(try publisher.lastEndpoint)
        try join(&fast, to: &publisher)
        let end = try join(&slow, to: &publisher)
        while try fast.receiveWithinDeadline() != end {}

        var (dropCount, firstDrop) = (0, Self.messageCount)
        for number in 0..<Self.messageCount {
            if try !publisher.publish(message(number)) {
                dropCount += 1
                firstDrop = min(firstDrop, number)
            }
            let received = try self.number(of: try fast.receiveWithinDeadline())
            try #require(received == number)
        }

        // The slow one reads what waits, and having caught up it is served again.
        var (slowNumbers, next): ([Int], Int) = ([], Self.messageCount)
        try eventually("the slow subscriber is served again") {
            while let received = try slow.receiveIfAny() { slowNumbers.append(try number(of: received)) }
            _ = try publisher.publish(message(next))
            next += 1
            return slowNumbers.last ?? 0 >= Self.messageCount
        }
        #expect(slowNumbers.starts(with: 0..<firstDrop), "what came before the first drop arrives, in order")
        #expect(zip(slowNumbers, slowNumbers.dropFirst()).allSatisfy(<), "what came later is in order")
        let missedCount = Self.messageCount - slowNumbers.count { $0 < Self.messageCount }
        #expect((1...missedCount).contains(dropCount), "\(dropCount) drops, \(missedCount) messages missed")
    }

    @Test func aPushSocketRefusesAWholeMessageWhenItsPeerIsFull() throws {
        let context = try Context()
        var options = SocketOptions()
        options.sendHighWaterMark = 5
        options.receiveHighWaterMark = 5
        var pull = try Socket(.pull, in: context, options: options)
        try pull.bind("inproc://full")
        var push = try Socket(.push, in: context, options: options)
        try push.connect("inproc://full")
        var sentCount = 0
        while try push.send(message(sentCount)) { sentCount += 1 }
        #expect(sentCount == 10, "both high-water marks add up")

        for expected in 0..<sentCount {
            let received = try number(of: try pull.receiveWithinDeadline())
            #expect(received == expected)
        }
        let isSent = try push.send(message(sentCount))
        #expect(isSent, "there is room again, seen at once")
        let received = try number(of: try pull.receiveWithinDeadline())
        #expect(received == sentCount)
    }

    @Test func aPushSocketWithoutPeerRefuses() throws {
        let context = try Context()
        var push = try Socket(.push, in: context)
        try push.bind("tcp://127.0.0.1:*")
        let isSent = try push.send([bytes("id"), bytes("1")])
        #expect(!isSent)
    }

    @Test func aPeerThatVanishesInTheMiddleOfAMessageDoesNotSpoilTheNext() throws {
        let context = try Context()
        var push = try Socket(.push, in: context)
        try push.bind("inproc://vanishing")
        do {
            var pull = try Socket(.pull, in: context)
            try pull.connect("inproc://vanishing")
            try eventually("a peer is connected") { try push.send(bytes("lost").span.bytes, more: true) }
        }
        // libzmq refuses a frame, or swallows all up to the message's end, as it happens to see the loss.
        var isNoticed = false
        for _ in 0..<100 where !isNoticed { isNoticed = try !push.send(bytes("lost").span.bytes, more: true) }
        if !isNoticed { _ = try push.send(bytes("lost").span.bytes, more: false) }

        var successor = try Socket(.pull, in: context)
        try successor.connect("inproc://vanishing")
        let whole = [bytes("first"), bytes("second"), bytes("third")]
        // The first ones may still go the way of the one that vanished, which may be noticed between two frames.
        var received: [[UInt8]]?
        try eventually("the successor is heard") {
            for (index, frame) in whole.enumerated() {
                guard try push.send(frame.span.bytes, more: index < 2) else { break }
            }
            received = try successor.receiveIfAny()
            return received != nil
        }
        #expect(received == whole)
    }

    @Test func aSenderOfTooLongFramesIsCutOffAndTheOthersAreNot() throws {
        let context = try Context()
        var options = SocketOptions()
        options.maximumMessageSize = 1000
        var pull = try Socket(.pull, in: context, options: options)
        try pull.bind("tcp://127.0.0.1:*")
        var long = try Socket(.push, in: context)
        try long.connect(try pull.lastEndpoint)
        var other = try Socket(.push, in: context)
        try other.connect(try pull.lastEndpoint)

        let tooLong = [bytes("id"), [UInt8](repeating: 1, count: 1001)]
        let longest = [bytes("id"), [UInt8](repeating: 2, count: 1000)]
        try eventually("a peer is connected") { try long.send(tooLong) }
        for _ in 0..<100 {
            try eventually("a peer is connected") { try other.send(longest) }
            let received = try pull.receiveWithinDeadline()
            try #require(received == longest)
        }
        // Its connection lost, it connects again; what it sends in between may be lost with the connection.
        try eventually("the one cut off is heard again") {
            _ = try long.send([bytes("sorry")])
            return try pull.receiveIfAny() == [bytes("sorry")]
        }
    }
}
