// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Values in by real sockets, forecasts out by real sockets, compared with real PyTorch.
@Suite(.serialized) struct ForecastTests {
    static let values = (0..<60).map { sin(Double($0) * 0.3) + Double($0 % 7) * 0.1 }
    static let plain = "scale: none, warmup: 0"

    static func json(_ stream: String, _ value: Double, at second: Int) -> [String] {
        [stream, #"{"ts":\#(1_700_000_000 + second),"value":\#(value)}"#]
    }

    static func messages(_ stream: String, _ values: [Double], from start: Int = 0) -> [[String]] {
        values.enumerated().map { json(stream, $1, at: start + $0) }
    }

    @Test(arguments: Scenario.Transport.allCases)
    func statefulForecastsEqualPyTorch(transport: Scenario.Transport) throws {
        let scenario = try Scenario(transport: transport, rule: "\(Self.plain), horizon: 4")
        let other = Self.values.map { -0.5 * $0 + 1 }
        for (a, b) in zip(Self.messages("plant.a", Self.values), Self.messages("plant.b", other)) {
            try scenario.send([a, b])
        }
        let received = try scenario.receive(120)
        for (stream, sent) in [("plant.a", Self.values), ("plant.b", other)] {
            let forecasts = received.filter { $0.topic == stream }
            #expect(forecasts.map(\.payload.y) == sent)
            #expect(forecasts.map(\.payload.seq) == Array(1...60))
            #expect(forecasts.map(\.sequence) == Array(1...60))
            #expect(Set(forecasts.map(\.payload.epoch)).count == 1)
            #expect(forecasts.allSatisfy { $0.frames == 3 && $0.payload.stream == stream })
            #expect(forecasts.first?.payload.ts == "2023-11-14T22:13:20Z")
            let expected = try scenario.reference(sent, ["horizon": 4])
            #expect(largestDifference(forecasts, expected) < 1e-6)
        }
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func windowForecastsEqualTheModulesForward() throws {
        let scenario = try Scenario(
            model: ["outputs": 3], modelKeys: ", mode: window, window: 8", rule: "\(Self.plain), horizon: 3")
        try scenario.send(Self.messages("plant.a", Self.values))
        let received = try scenario.receive(60)
        let expected = try scenario.reference(Self.values, ["mode": "window", "window": 8, "horizon": 3])
        #expect(largestDifference(received, expected) < 1e-6)
        let statuses = Array(repeating: "warming", count: 7) + Array(repeating: "ok", count: 53)
        #expect(received.map(\.payload.status) == statuses)
    }

    @Test func theScaleCanComeFromTheModelsMetadata() throws {
        let scenario = try Scenario(
            model: ["metadata": ["mean": "0.25", "std": "0.5"], "bias": false],
            rule: "scale: model, warmup: 0, horizon: 2")
        try scenario.send(Self.messages("plant.a", Self.values))
        let expected = try scenario.reference(Self.values, ["horizon": 2, "mean": 0.25, "std": 0.5])
        #expect(largestDifference(try scenario.receive(60), expected) < 1e-6)
    }

    /// Two frames, three frames and one frame carry the same stream.
    @Test func allMessageLayoutsAreUnderstood() throws {
        let scenario = try Scenario()
        for (index, message) in Self.messages("plant.a", Self.values).enumerated() {
            let sequence = "\u{05}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}"
            switch index % 3 {
            case 0: try scenario.send([message])
            case 1: try scenario.send([message + [sequence]])
            default: try scenario.send([[message.joined(separator: " ")]])
            }
        }
        let expected = try scenario.reference(Self.values)
        #expect(largestDifference(try scenario.receive(60), expected) < 1e-6)
    }

    @Test func pullInputAndTextPayloads() throws {
        let scenario = try Scenario(inputKeys: "socket: pull, format: text, columns: [value]", probe: "0")
        try scenario.send(Self.values.map { ["plant.a", "\($0)"] })
        let expected = try scenario.reference(Self.values)
        #expect(largestDifference(try scenario.receive(60), expected) < 1e-6)
    }

    @Test func subscribersGetTheirTopicsOnly() throws {
        let scenario = try Scenario()
        try scenario.openSubscriber("north", topics: ["north.", "probe.north"])
        try scenario.openSubscriber("south", topics: ["south.", "probe.south"])
        try scenario.join(publisher: "in", subscriber: "north", stream: "probe.north")
        try scenario.join(publisher: "in", subscriber: "south", stream: "probe.south")
        for second in 0..<10 {
            try scenario.send([
                Self.json("north.a", 1, at: second), Self.json("south.a", 2, at: second),
                Self.json("east.a", 3, at: second),
            ])
        }
        #expect(try scenario.receive(10, from: "north").allSatisfy { $0.topic == "north.a" })
        #expect(try scenario.receive(10, from: "south").allSatisfy { $0.topic == "south.a" })
        #expect(Set(try scenario.receive(30).map(\.topic)) == ["north.a", "south.a", "east.a"])
    }

    @Test func aLateSubscriberGetsWhatComesFromThenOn() throws {
        let scenario = try Scenario()
        try scenario.send(Self.messages("plant.a", Array(Self.values[..<20])))
        _ = try scenario.receive(20)
        try scenario.openSubscriber("late")
        try scenario.join(publisher: "in", subscriber: "late")
        try scenario.send(Self.messages("plant.a", Array(Self.values[20...]), from: 20))
        let received = try scenario.receive(40, from: "late")
        #expect(received.map(\.payload.seq) == Array(21...60))
        let expected = try scenario.reference(Self.values)
        #expect(largestDifference(received, Array(expected[20...])) < 1e-6)
    }

    /// The state is the stream's, not the connection's: it goes on when the publisher comes back.
    @Test func thePublisherRestarts() throws {
        let scenario = try Scenario()
        try scenario.send(Self.messages("plant.a", Array(Self.values[..<30])))
        let before = try scenario.receive(30)
        try scenario.peer.perform("close", ["name": "in"])
        _ = try scenario.peer.call(
            "open_socket", ["name": "in", "kind": "xpub", "bind": scenario.input], as: String.self)
        try scenario.join(publisher: "in", subscriber: "out")
        try scenario.send(Self.messages("plant.a", Array(Self.values[30...]), from: 30))
        let received = try before + scenario.receive(30)
        let expected = try scenario.reference(Self.values)
        #expect(largestDifference(received, expected) < 1e-6)
        #expect(received.map(\.payload.seq) == Array(1...60))
    }

    @Test func theDaemonRestarts() throws {
        let scenario = try Scenario()
        try scenario.send(Self.messages("plant.a", Array(Self.values[..<30])))
        let before = try scenario.receive(30)
        #expect(scenario.daemon.stop() == 0)
        try scenario.restartDaemon()
        try scenario.join(publisher: "in", subscriber: "out")
        let rest = Array(Self.values[30...])
        try scenario.send(Self.messages("plant.a", rest, from: 30))
        let after = try scenario.receive(30)
        #expect(largestDifference(after, try scenario.reference(rest)) < 1e-6)
        #expect(after.map(\.payload.seq) == Array(1...30))
        let epochs = try [before, after].map { try #require($0.first?.payload.epoch) }
        #expect(epochs[0] < epochs[1], "a later life of the publisher has a higher epoch")
    }
}
