// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import TestSupport
import Testing

/// Streams by status, kept up with each forecast, beside each stream's newest forecast.
@Suite struct StatusTallyTests {
    static func slowCounts(_ engine: borrowing ForecastEngine) -> [Int] {
        var counts = Forecast.Status.allCases.map { _ in 0 }
        for slot in 0..<UInt32(engine.streamCount) {
            counts[Int(engine.summary(of: slot).status.rawValue)] += 1
        }
        return counts
    }

    @Test(arguments: [1, 2, 3]) func countsAreThoseOfTheStreams(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var time = TimePolicy()
        time.every = .period(1_000_000_000)
        let small = try SmallEngine(time: time)
        var tally = StatusTally(small.engine)
        var newest: [UInt32: Forecast.Status] = [:]
        var seen: Set<[Int]> = []
        for second in 0..<200 {
            let now = Timestamp(nanoseconds: Int64(second) * 1_000_000_000)
            for stream in 0..<20 where Int.random(in: 0..<(2 + stream), using: &random) == 0 {
                let observation = Observation(time: now, value: Double(stream))
                _ = small.engine.accept(observation, of: "plant.\(stream)".utf8.span.bytes, at: now)
            }
            repeat {
                while small.engine.advance(at: now) {
                    for index in 0..<small.engine.forecastCount {
                        let forecast = small.engine.forecast(at: index)
                        tally.note(forecast.status, of: forecast.slot)
                        newest[forecast.slot] = forecast.status
                    }
                }
            } while small.engine.passTime(to: now)
            let slow = Forecast.Status.allCases.map { status in newest.values.count { $0 == status } }
            seen.insert(slow)
            #expect(tally.counts == slow, "second \(second), seed \(seed)")
            #expect(StatusTally(small.engine).counts == Self.slowCounts(small.engine))
        }
        #expect(seen.count > 10 && seen.contains { $0[Int(Forecast.Status.stale.rawValue)] > 0 })
    }
}
