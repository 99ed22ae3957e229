// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A publisher whose values come late, and what its subscribers get.
@Suite(.serialized) struct RevisionTests {
    static func json(_ tick: Int, _ value: Double, after seconds: Int = 0) -> [String] {
        ["plant.a", #"{"ts":\#(1_700_000_000 + 60 * tick + seconds),"value":\#(value)}"#]
    }

    @Test(arguments: ["", ", mode: window, window: 3"]) func aLateValueRevisesTheNewestForecast(mode: String)
        throws
    {
        // A second rule forecasts probes at once.
        let scenario = try Scenario(
            modelKeys: mode,
            rule:
                "scale: none, warmup: 0, every: 1m, late: revise, revise_limit: 2m}\n  - {match: \"*\", model: pump",
            match: "plant.*")
        var values = [0.5, -0.25, 1, 0.75, -1, 0.25]
        try scenario.send(values.enumerated().map { Self.json($0, $1) })
        let before = try scenario.receive(5)
        #expect(before.allSatisfy { $0.payload.quality.revised == nil })

        // The first of these is beyond the limit.
        try scenario.send([Self.json(2, 9, after: 30), Self.json(3, -0.5, after: 30), Self.json(6, 2)])
        values[3] = -0.5
        let after = try scenario.receive(2)
        #expect(after.map(\.payload.ts) == [before[4].payload.ts, after[1].payload.ts])
        #expect(after.map(\.payload.y) == [-1, 0.25])
        #expect(after.map(\.payload.seq) == [6, 7])
        #expect(after.map(\.payload.quality.revised) == [true, nil])
        let arguments: [String: Any] = mode.isEmpty ? [:] : ["mode": "window", "window": 3]
        let expected = try scenario.reference(values, arguments)
        #expect(largestDifference(after, Array(expected[4...5])) < 1e-6)
        #expect(largestDifference([before[4]], [expected[4]]) > 1e-3)
        #expect(scenario.daemon.stop() == 0)
    }
}
