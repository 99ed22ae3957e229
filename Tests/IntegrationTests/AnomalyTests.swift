// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Scores and alarms, from a real daemon.
@Suite(.serialized) struct AnomalyTests {
    /// A wave that goes far away for some ticks.
    static let values = (0..<300).map { (tick: Int) -> Double in
        let jump = (200..<206).contains(tick) ? 50 + 40 * Double(tick % 2) : 0
        return sin(Double(tick) / 3) + jump
    }

    @Test(arguments: ["1", "2"]) func alarmsHaveTopicsOfTheirOwn(pipelines: String) throws {
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, horizon: 1, anomaly: {debounce: 2}",
            outputKeys: "socket: pub, anomalies: also", pipelines: pipelines)
        for (name, topic) in [("plain", "plant."), ("alarms", "anomalies@")] {
            try scenario.openSubscriber(name, topics: [topic, "probe"])
            try scenario.join(publisher: "in", subscriber: name)
        }
        try scenario.send(ForecastTests.messages("plant.a", Self.values))
        let plain = try scenario.receive(300, from: "plain")
        let alarms = try scenario.receive(2, from: "alarms")
        #expect(plain.allSatisfy { $0.topic == "plant.a" && $0.sequence == $0.payload.seq })
        #expect(plain.prefix(100).allSatisfy { $0.payload.anomaly_score == nil })
        #expect(plain.suffix(199).allSatisfy { ($0.payload.anomaly_score ?? -1) >= 0 })
        #expect(alarms.allSatisfy { $0.topic == "anomalies@plant.a" && $0.payload.stream == "plant.a" })
        #expect(alarms.map(\.sequence) == [1, 2])
        #expect(alarms.map(\.payload.status) == ["anomalous", "ok"])
        let (begin, end) = (alarms[0].payload.seq, alarms[1].payload.seq)
        #expect(begin == 202 && (204..<290).contains(end), "from \(begin) to \(end)")
        #expect(alarms[0].payload.y == plain[begin - 1].payload.y)
        for message in plain {
            #expect((message.payload.status == "anomalous") == (begin..<end).contains(message.payload.seq))
        }
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func anOutputCanHaveNothingButAlarms() throws {
        let output = "tcp://127.0.0.1:\(try Scenario.freePort())"
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, horizon: 1, anomaly: {}",
            outputKeys: "socket: pub}\n  alarms: {socket: pub, bind: [\"\(output)\"], anomalies: only")
        let socket: [String: Any] = ["name": "alarms", "kind": "sub", "connect": output, "topics": [""]]
        _ = try scenario.peer.call("open_socket", socket, as: String.self)
        var alarms: [Peer.Received]?
        // Nothing says when the subscription has arrived there: what goes out before is lost.
        for round in 0..<5 where alarms == nil {
            try scenario.send(ForecastTests.messages("plant.a", Self.values, from: 300 * round))
            alarms = try? scenario.receive(2, from: "alarms")
        }
        let received = try #require(alarms)
        #expect(received.allSatisfy { $0.topic == "anomalies@plant.a" })
        #expect(received.map { $0.payload.status == "anomalous" } == [true, false])
        #expect(received[1].sequence == received[0].sequence + 1)
        #expect(scenario.daemon.stop() == 0)
    }
}
