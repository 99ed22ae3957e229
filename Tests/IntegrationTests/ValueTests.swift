// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Bad values and values out of order, by real sockets.
@Suite(.serialized) struct ValueTests {
    static let rule = "scale: none, warmup: 0"

    /// The model never sees a bad value, with one pipeline and with several.
    @Test(arguments: ["1", "3"]) func badValuesAreAsIfTheyHadNeverCome(pipelines: String) throws {
        let scenario = try Scenario(
            rule: "\(Self.rule), values: {reject: [-9999], minimum: -50, maximum: 50, rate: 5, stuck: 1h}",
            pipelines: pipelines)
        try scenario.send(ForecastTests.messages("plant.a", [0.5, -9999, 1.5, 99, 30, 1.5, 0.25, 2]))
        try scenario.send(ForecastTests.messages("plant.a", [2, 2, 3], from: 3607))
        let taken = [0.5, 1.5, 1.5, 0.25, 2, 2, 3]
        let received = try scenario.receive(taken.count)
        #expect(received.map(\.payload.y) == taken)
        #expect(largestDifference(received, try scenario.reference(taken)) < 1e-6)
        #expect(scenario.daemon.stop() == 0)
        let reasons = "input plant dropped: rejected 1, out_of_range 1, rate 1, stuck 1 "
        #expect(scenario.daemon.logText.contains(reasons), "\(scenario.daemon.logText)")
    }

    @Test(arguments: ["1", "3"]) func valuesOutOfOrderAreForecastInOrder(pipelines: String) throws {
        let scenario = try Scenario(rule: "\(Self.rule), lateness: 2s", pipelines: pipelines)
        let values = Array(ForecastTests.values.prefix(12))
        let messages = ForecastTests.messages("plant.a", values)
        try scenario.send([0, 2, 1, 3, 5, 4, 6, 8, 7, 10, 9, 11].map { messages[$0] })
        // The last ones come when the stream has been silent for long enough.
        let received = try scenario.receive(12)
        #expect(received.map(\.payload.y) == values)
        #expect(received.map(\.payload.seq) == Array(1...12))
        #expect(largestDifference(received, try scenario.reference(values)) < 1e-6)
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("dropped=0"))
    }
}
