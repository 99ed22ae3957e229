// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

/// Sockets that know of their peers: what subscribers ask for, and whom a message is for.
@Suite struct AddressingTests {
    enum Request: Equatable {
        case subscribe([UInt8]), unsubscribe([UInt8]), unknown

        init(_ frame: [UInt8]) {
            switch SubscriptionRequest(frame.span.bytes) {
            case .subscribe(let prefix): self = .subscribe(prefix.withUnsafeBytes { Array($0) })
            case .unsubscribe(let prefix): self = .unsubscribe(prefix.withUnsafeBytes { Array($0) })
            case .unknown: self = .unknown
            }
        }
    }

    @Test func framesOfSubscribersAreUnderstood() {
        #expect(Request([1]) == .subscribe([]))
        #expect(Request([1, 65, 1]) == .subscribe([65, 1]))
        #expect(Request([0, 65]) == .unsubscribe([65]))
        #expect([[], [2], [65, 1]].map { Request($0) } == [.unknown, .unknown, .unknown])
    }

    /// Each subscription is shown, also one that another subscriber has already; only the last to leave is.
    @Test(arguments: Transport.allCases) func eachSubscriptionIsShown(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var options = SocketOptions()
        options.reportsDrops = true
        var publisher = try Socket(.xpub, in: context, options: options)
        try publisher.bind(transport.freshEndpoint(in: directory))
        do {
            var subscribers: [2 of Socket] = [try Socket(.sub, in: context), try Socket(.sub, in: context)]
            for index in subscribers.indices {
                try subscribers[index].subscribe(to: "plant.")
                try subscribers[index].connect(try publisher.lastEndpoint)
                let frames = try publisher.receiveWithinDeadline()
                #expect(frames.map { Request($0) } == [.subscribe(bytes("plant."))])
            }
            // What is received was granted.
            let isComplete = try publisher.publish([bytes("plant.a"), bytes("1")])
            #expect(isComplete)
            for index in subscribers.indices {
                let received = try subscribers[index].receiveWithinDeadline()
                #expect(received == [bytes("plant.a"), bytes("1")])
            }
        }
        for _ in 0..<2 {
            let ended = try publisher.receiveWithinDeadline()
            #expect(ended.map { Request($0) } == [.unsubscribe(bytes("plant."))])
        }
        let more = try publisher.receiveIfAny()
        #expect(more == nil)
    }

    @Test func aPeerThatIsNotThereIsSaidToBeAbsent() throws {
        let context = try Context()
        var router = try Socket(.router, in: context)
        try router.bind("tcp://127.0.0.1:*")
        let addressing = try router.address(bytes("nobody").span.bytes)
        #expect(addressing == .absent)
    }
}
