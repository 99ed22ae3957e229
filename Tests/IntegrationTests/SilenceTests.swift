// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A publisher that falls silent, and what its subscribers are told.
@Suite(.serialized) struct SilenceTests {
    static func json(_ tick: Int, _ value: Double) -> [String] {
        ["plant.a", #"{"ts":\#(Double(1_700_000_000_000 + 200 * tick) / 1000),"value":\#(value)}"#]
    }

    @Test(arguments: ["1", "3"]) func forecastsGoOnFlaggedAndThenTheStreamIsStale(pipelines: String) throws {
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0, every: 200ms, gaps: {limit: 800ms}", pipelines: pipelines)
        let values = [0.5, -0.25, 1, 0.75]
        try scenario.send(values.enumerated().map { Self.json($0, $1) })
        let silent = try scenario.receive(9)
        #expect(silent.map(\.payload.y) == values + [0.75, 0.75, 0.75, 0.75, 0.75])
        #expect(silent.map(\.payload.seq) == Array(1...9))
        #expect(silent.map(\.payload.status) == Array(repeating: "ok", count: 8) + ["stale"])
        #expect(
            silent.map(\.payload.quality.imputed) == [
                false, false, false, false, true, true, true, true, true,
            ])
        #expect(silent.map(\.payload.quality.gap) == [0, 0, 0, 0, 0, 1, 2, 3, 4])
        #expect(silent.allSatisfy { $0.payload.every == "200ms" && !$0.payload.quality.reset })
        #expect(silent[8].payload.yhat == [nil])
        let held = values + [0.75, 0.75, 0.75, 0.75]
        #expect(largestDifference(Array(silent[..<8]), try scenario.reference(held)) < 1e-6)

        // Nothing more is said before the publisher is back, and then that the stream began anew.
        let back = [0.25, 0.125, -1]
        try scenario.send(back.enumerated().map { Self.json(100 + $0, $1) })
        let after = try scenario.receive(3)
        #expect(after.map(\.payload.seq) == [10, 11, 12])
        #expect(after.map(\.payload.status) == ["reset", "ok", "ok"])
        #expect(after.map(\.payload.quality.reset) == [true, false, false])
        #expect(after.map(\.payload.quality.gap) == [96, 0, 0])
        #expect(largestDifference(after, try scenario.reference(back)) < 1e-6)
        #expect(scenario.daemon.stop() == 0)
    }
}
