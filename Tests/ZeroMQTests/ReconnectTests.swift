// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

@Suite struct ReconnectTests {
    @Test(arguments: [Transport.tcp, .ipc])
    func aSubscriberFindsItsPublisherAgain(transport: Transport) throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        var options = SocketOptions()
        options.reconnectInterval = .milliseconds(10)
        var subscriber = try Socket(.sub, in: context, options: options)
        try subscriber.subscribe(to: "")
        var endpoint = transport.freshEndpoint(in: directory)
        for life in 1...3 {
            var publisher = try Socket(.pub, in: context)
            try eventually("the endpoint is free again") {
                do {
                    try publisher.bind(endpoint)
                    return true
                } catch let error as ZeroMQError where error.isAddressInUse {
                    return false
                }
            }
            if life == 1 {
                endpoint = try publisher.lastEndpoint
                try subscriber.connect(endpoint)
            }
            try join(&subscriber, to: &publisher)
            _ = try publisher.send([bytes("life \(life)")])
            let received = try subscriber.receiveWithinDeadline()
            #expect(received == [bytes("life \(life)")])
        }
    }

    @Test func aSubscriberMayComeBeforeItsPublisher() throws {
        let directory = try TemporaryDirectory()
        let context = try Context()
        let endpoint = Transport.ipc.freshEndpoint(in: directory)
        var options = SocketOptions()
        options.reconnectInterval = .milliseconds(10)
        var subscriber = try Socket(.sub, in: context, options: options)
        try subscriber.subscribe(to: "")
        try subscriber.connect(endpoint)
        var publisher = try Socket(.pub, in: context)
        try publisher.bind(endpoint)
        try join(&subscriber, to: &publisher)
    }
}
