// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Several streams as the inputs of one model, through real sockets, against real PyTorch.
@Suite(.serialized) struct InputsTests {
    /// 30 March 2025, an hour before clocks in Berlin are set forward, in steps of five minutes.
    static let start = 1_743_292_800
    static var model: [String: Any] {
        [
            "inputs": 4, "outputs": 3, "metadata": ["inputs": "hum,calendar.hour.sin,calendar.hour.cos,temp"],
        ]
    }
    static let inputs = """
        inputs_from: ["$1.temp", {stream: "$1.hum", mean: 40, std: 10}, calendar.hour], time_zone: Europe/Berlin
        """
    static let scale = "scale: fixed, mean: 20, std: 5, warmup: 0, horizon: 3"
    static let probe = #"{"values":{"temp":20,"hum":40}}"#

    /// Time, temperature, humidity.
    static let ticks: [[Double]] = (0..<40).map { index in
        let step = Double(index)
        return [Double(start) + 300 * step, 20 + 4 * sin(step) + Double(index % 5), 40 + 9 * cos(0.7 * step)]
    }

    static func scenario(_ keys: String, modelKeys: String = "", pipelines: String = "1") throws -> Scenario {
        try Scenario(
            model: model, modelKeys: modelKeys, rule: "\(scale), \(keys), \(inputs)", match: "*.temp",
            pipelines: pipelines, probe: probe)
    }

    static func reference(
        _ scenario: Scenario, _ ticks: [[Double]], _ arguments: [String: Any] = [:]
    ) throws -> [[Double]] {
        let request: [String: Any] = ["path": scenario.modelPath, "ticks": ticks, "zone": "Europe/Berlin"]
        return try scenario.peer.call(
            "reference_vectors", request.merging(arguments) { $1 }, as: [[Double]].self)
    }

    /// One message with many fields is one vector.
    @Test(arguments: ["stateful", "window"]) func aMessageIsAVector(mode: String) throws {
        let scenario = try Self.scenario(
            "every: event", modelKeys: mode == "window" ? ", mode: window, window: 6" : "")
        try scenario.send(
            Self.ticks.map {
                ["plant.7", #"{"ts":\#(Int($0[0])),"values":{"hum":\#($0[2]),"temp":\#($0[1])}}"#]
            })
        let received = try scenario.receive(40)
        let expected = try Self.reference(scenario, Self.ticks, ["mode": mode, "window": 6])
        #expect(largestDifference(received, expected) < 1e-5)
        #expect(received.allSatisfy { $0.topic == "plant.7.temp" && $0.payload.quality.inputs_missing == 0 })
        #expect(received.map(\.payload.seq) == Array(1...40))
        #expect(scenario.daemon.stop() == 0)
    }

    /// Streams that are sent each by itself meet on the grid; what is missing is the last value, and said.
    ///
    /// The clocks in Berlin are set forward in the middle.
    @Test(arguments: ["1", "3"]) func streamsMeetOnTheGrid(pipelines: String) throws {
        let scenario = try Self.scenario("every: 1s, wait: 2s", pipelines: pipelines)
        var held = 0.0
        var vectors: [[Double]] = []
        var messages: [[String]] = []
        for (index, tick) in Self.ticks.enumerated() {
            let second = Self.start + 3600 - 20 + index
            let hasHum = index % 6 != 3
            if hasHum { held = tick[2] }
            vectors.append([Double(second), tick[1], held])
            if hasHum { messages.append(["plant.7.hum", #"{"ts":\#(second).7,"value":\#(tick[2])}"#]) }
            messages.append(["plant.7.temp", #"{"ts":\#(second).\#(index % 7),"value":\#(tick[1])}"#])
        }
        try scenario.send(messages)
        let received = try scenario.receive(37)
        let expected = Array(try Self.reference(scenario, vectors).prefix(37))
        #expect(largestDifference(received, expected) < 1e-5)
        #expect(received.map(\.payload.quality.inputs_missing) == (0..<37).map { $0 % 6 == 3 ? 1 : 0 })
        #expect(received.allSatisfy { $0.payload.every == "1s" && !$0.payload.quality.imputed })
        #expect(scenario.daemon.stop() == 0)
    }

    /// Targets on any engine get their own member and the one that all share, in the same order.
    @Test func theNumberOfPipelinesDoesNotChangeADigit() throws {
        var reference: [String: [Peer.Received]] = [:]
        for pipelines in ["1", "2", "7"] {
            // The probe's second value says that the first waits for the weather in vain.
            let scenario = try Scenario(
                model: ["inputs": 3, "outputs": 2],
                rule: #"warmup: 0, inputs_from: ["$1.temp", "$1.hum", "weather"], wait: 20s"#,
                match: "*.temp", pipelines: pipelines,
                probe: "[\(Self.probe),\(Self.probe)]")
            try scenario.send([ForecastTests.json("weather", 5, at: 0)])
            for second in 1..<30 {
                try scenario.send(
                    (0..<24).map { group in
                        let (temp, hum) = (group * second % 17, sin(Double(second + group)))
                        let time = 1_700_000_000 + second
                        return [
                            "plant.\(group)", #"{"ts":\#(time),"values":{"temp":\#(temp),"hum":\#(hum)}}"#,
                        ]
                    } + [ForecastTests.json("weather", Double(second % 9), at: second)])
            }
            let received = try scenario.receive(24 * 29)
            #expect(scenario.daemon.stop() == 0)
            // The probe's two streams, too; each is known once, on however many engines.
            let known = scenario.daemon.logText.firstMatch(of: #/streams=(\d+)/#)?.output.1
            #expect(known == "51", "\(pipelines)")
            let forecasts = Dictionary(grouping: received, by: \.topic)
            #expect(forecasts.count == 24)
            #expect(received.allSatisfy { $0.payload.quality.inputs_missing == 0 })
            if reference.isEmpty { reference = forecasts }
            for (stream, one) in reference {
                let several = try #require(forecasts[stream])
                #expect(several.map(\.payload.seq) == Array(1...29), "\(stream) with \(pipelines)")
                #expect(several.map(\.payload.yhat) == one.map(\.payload.yhat), "\(stream) with \(pipelines)")
            }
            #expect(scenario.daemon.logText.firstMatch(of: #/unmatched/#) == nil)
        }
    }

    /// A value that a member's own rule finds bad reaches no vector, on whichever engine.
    @Test func badValuesOfMembersAreNoInputsAnywhere() throws {
        var reference: [String: [[Double?]]] = [:]
        for pipelines in ["1", "2"] {
            let scenario = try Scenario(
                model: ["inputs": 2, "outputs": 1],
                rule: #"warmup: 0, inputs_from: ["$1.temp", {stream: "x$1.temp", name: other}], wait: 20s, "#
                    + "scale: none, values: {reject: [-9999]}",
                match: "*.temp", pipelines: pipelines,
                probe: #"[{"values":{"temp":20}},{"values":{"temp":20}}]"#)
            let groups = 0..<12
            // Half of the members begin with a bad value, and half end with one.
            let members = groups.map { group in
                (0..<2).map {
                    ForecastTests.json("xp.\(group).temp", ($0 + group) % 2 == 0 ? 5 : -9999, at: $0)
                }
            }
            try scenario.send(members.flatMap { $0 })
            for second in 2..<5 {
                try scenario.send(groups.map { ForecastTests.json("p.\($0).temp", Double($0), at: second) })
            }
            let received = try scenario.receive(24)
            #expect(scenario.daemon.stop() == 0)
            let forecasts = Dictionary(grouping: received, by: \.topic).mapValues { $0.map(\.payload.yhat) }
            #expect(forecasts.count == 12)
            if reference.isEmpty { reference = forecasts }
            #expect(forecasts == reference, "\(pipelines)")
        }
    }
}
