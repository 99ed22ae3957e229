// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What is wrong is dropped, counted by its reason, and never stops the rest.
@Suite(.serialized) struct BadInputTests {
    static let bad: [(frames: [String], reason: String)] = [
        (["plant.a", "{"], "syntax"),
        (["plant.a", ""], "empty"),
        (["plant.a", #"{"value":NaN}"#], "not_finite"),
        (["plant.a", #"{"value":1e999}"#], "not_finite"),
        (["plant.a", #"{"value":0x10}"#], "syntax"),
        (["plant.a", #"{"value":"1"}"#], "wrong_type"),
        (["plant.a", #"{"ts":1}"#], "missing_value"),
        (["plant.a", #"{"value":\#(String(repeating: "[", count: 5000))}"#], "depth"),
        (["plant.a", "{\"value\":1,\"note\":\"\u{FF}\"}"], "encoding"),
        (["plant a", #"{"value":1}"#], "identifier"),
        ([String(repeating: "x", count: 200), #"{"value":1}"#], "identifier"),
        (["plant.a", #"{"value":1}"#, "short"], "sequence"),
        (["plant.a", #"{"value":1}"#, "12345678", "more"], "frame_count"),
        (["plant.a"], "frame_count"),
        (["plant.a", #"{"ts":99999999999,"value":1}"#], "timestamp"),
        (["plant.a", #"{"ts":5000000000,"value":1}"#], "ahead"),
        (["plant.a", #"{"ts":1,"value":1}"#], "late"),
        (["other.a", #"{"value":1}"#], "unmatched"),
    ]

    @Test func badMessagesAreCountedAndTheRestGoesOn() throws {
        let scenario = try Scenario(match: "p*")
        let values = ForecastTests.values
        var sent = 0
        for (index, value) in values.enumerated() {
            try scenario.send([ForecastTests.json("plant.a", value, at: index)])
            if index > 0, sent < Self.bad.count {
                try scenario.send([Self.bad[sent].frames])
                sent += 1
            }
        }
        let received = try scenario.receive(values.count)
        #expect(largestDifference(received, try scenario.reference(values)) < 1e-6)
        #expect(scenario.daemon.stop() == 0)
        let log = scenario.daemon.logText
        let counts = Dictionary(grouping: Self.bad, by: \.reason).mapValues(\.count)
        for (reason, count) in counts {
            #expect(log.contains("\(reason) \(count)"), "\(reason) \(count) in: \(log)")
        }
    }

    /// A frame above the limit costs its sender the connection, and nobody else anything; the connection is
    /// made anew.
    @Test(arguments: ["pull", "sub"])
    func anOversizedFrameDisconnectsItsSenderOnly(socket: String) throws {
        let scenario = try Scenario(
            inputKeys: "socket: \(socket), format: json, maximum_message_size: 1KiB")
        try scenario.send([["plant.a", #"{"value":1,"x":"\#(String(repeating: "x", count: 5000))"}"#]])
        // The probe comes through only when the connection stands again: it is behind the frame.
        try scenario.join(publisher: "in", subscriber: "out")
        try scenario.send(ForecastTests.messages("plant.b", ForecastTests.values))
        let expected = try scenario.reference(ForecastTests.values)
        #expect(largestDifference(try scenario.receive(expected.count), expected) < 1e-6)
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("input plant: 1 connections were cut"))
    }

    @Test func streamsAboveTheLimitAreRefused() throws {
        let scenario = try Scenario(limit: 3)
        try scenario.send((0..<6).map { ForecastTests.json("s\($0)", 1, at: 0) })
        try scenario.send((0..<6).map { ForecastTests.json("s\($0)", 2, at: 1) })
        let received = try scenario.receive(4)
        #expect(received.map(\.topic) == ["s0", "s1", "s0", "s1"])  // the probe's stream is the third
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("streams_limit 8"))
    }
}
