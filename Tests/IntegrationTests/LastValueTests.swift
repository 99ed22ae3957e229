// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `last_value`: who subscribes late gets each stream's last forecast at once.
@Suite(.serialized) struct LastValueTests {
    static let streams = (0..<12).map { "plant.\($0)" }

    static func round(_ second: Int) -> [[String]] {
        streams.map { ForecastTests.json($0, Double(second), at: second) }
    }

    /// What came of each stream.
    static func sequences(_ received: [Peer.Received]) -> [String: [Int]] {
        Dictionary(grouping: received, by: \.topic).mapValues { $0.map(\.sequence) }
    }

    @Test(arguments: ["1", "3"]) func aLateSubscriberGetsTheLastOfEachStreamAndThenAll(pipelines: String)
        throws
    {
        let scenario = try Scenario(outputKeys: "socket: pub, last_value: true", pipelines: pipelines)
        for second in 0..<5 { try scenario.send(Self.round(second)) }
        let live = try scenario.receive(5 * Self.streams.count)
        try scenario.openSubscriber("late", topics: ["plant."])
        let last = try scenario.receive(Self.streams.count, from: "late")
        #expect(Self.sequences(last) == Self.sequences(live).mapValues { [$0[4]] })
        #expect(
            last.allSatisfy { $0.sequence == 5 && $0.payload.seq == 5 && $0.payload.y == 4 && $0.frames == 3 }
        )
        for second in 5..<8 { try scenario.send(Self.round(second)) }
        let later = try scenario.receive(3 * Self.streams.count, from: "late")
        #expect(Self.sequences(later).values.allSatisfy { $0 == [6, 7, 8] })
        // The one before gets the last ones again, and can tell by their numbers.
        let again = try scenario.receive(4 * Self.streams.count)
        #expect(Self.sequences(again).values.allSatisfy { $0 == [5, 6, 7, 8] })
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func prefixesChooseAndSubscribersOfTheSameAreAllServed() throws {
        let scenario = try Scenario(outputKeys: "socket: pub, last_value: true")
        for second in 0..<2 { try scenario.send(Self.round(second)) }
        _ = try scenario.receive(2 * Self.streams.count)
        try scenario.openSubscriber("ones", topics: ["plant.1", "plant.10", "plant.3"])
        let expected = ["plant.1", "plant.10", "plant.11", "plant.3"]
        let ones = try scenario.receive(4, from: "ones")
        #expect(ones.map(\.topic).sorted() == expected && ones.allSatisfy { $0.sequence == 2 })
        try scenario.openSubscriber("others", topics: ["plant.1", "plant.3"])
        #expect(try scenario.receive(4, from: "others").map(\.topic).sorted() == expected)
        #expect(try scenario.receive(4, from: "ones").allSatisfy { $0.sequence == 2 })
        try scenario.send(Self.round(2))
        for name in ["ones", "others"] {
            let next = try scenario.receive(4, from: name)
            #expect(next.map(\.topic).sorted() == expected && next.allSatisfy { $0.sequence == 3 }, "\(name)")
        }
        #expect(scenario.daemon.stop() == 0)
    }

    /// An alarm that began before is told to who subscribes to alarms.
    @Test func alarmsAreLastValuesToo() throws {
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, horizon: 1, anomaly: {debounce: 2}",
            outputKeys: "socket: pub, anomalies: also, last_value: true")
        try scenario.send(ForecastTests.messages("plant.a", AnomalyTests.values))
        _ = try scenario.receive(300)
        try scenario.openSubscriber("alarms", topics: ["anomalies@plant."])
        let alarm = try scenario.receive(1, from: "alarms")[0]
        #expect(alarm.topic == "anomalies@plant.a" && alarm.sequence == 2 && alarm.payload.status == "ok")
        #expect(scenario.daemon.stop() == 0)
    }

    /// One that never reads loses forecasts, which is counted; the other gets each of them.
    @Test func aSubscriberThatNeverReadsSlowsNobody() throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0, horizon: 500",
            outputKeys: "socket: pub, last_value: true, high_water_mark: 500",
            more: "http: {bind: 127.0.0.1:\(port)}")
        let deaf: [String: Any] = [
            "name": "deaf", "kind": "sub", "connect": scenario.output, "topics": [""], "limit": 1,
        ]
        _ = try scenario.peer.call("open_socket", deaf, as: String.self)
        // Its subscription has come when the last forecast of the probes is told again.
        try #require(try scenario.receiveAny(1)[0].topic == "probe")
        var (number, dropped): (Int, UInt64) = (0, 0)
        while dropped == 0 && number < 20_000 {
            try scenario.send((0..<100).map { ForecastTests.json("plant.a", 1, at: number + $0) })
            let received = try scenario.receiveBriefly(100)
            try #require(received.map(\.sequence) == Array(number + 1...number + 100))
            number += 100
            dropped = try StatusSample.newest(port: port).dropped
        }
        #expect(dropped > 0, "after \(number) messages")
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("forecasts did not reach every subscriber"))
    }

    /// A subscription that no topic can match is counted and hurts nobody.
    ///
    /// What is no subscription cuts its connection, as CurveTests show.
    @Test func strangeSubscriptionsAreCounted() throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            outputKeys: "socket: pub, last_value: true", more: "http: {bind: 127.0.0.1:\(port)}")
        let socket: [String: Any] = ["name": "odd", "kind": "xsub", "connect": scenario.output]
        _ = try scenario.peer.call("open_socket", socket, as: String.self)
        let long = "\u{1}" + String(repeating: "x", count: 139)
        try scenario.send([["\u{1}plant a"], [long], ["\u{1}probe"]], by: "odd")
        try eventually("both are counted") { try StatusSample.newest(port: port).drops["subscription"] == 2 }
        try scenario.openSubscriber("late", topics: ["probe"])
        #expect(
            try scenario.peer.call("receive", ["name": "late", "count": 1], as: [Peer.Received].self).count
                == 1)
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("output forecasts did not answer: subscription 2"))
    }
}
