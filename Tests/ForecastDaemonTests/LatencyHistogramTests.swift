// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import TestSupport
import Testing

/// The histogram beside the durations themselves, sorted.
@Suite struct LatencyHistogramTests {
    /// Durations over all lengths, in nanoseconds.
    static func durations(_ count: Int, seed: UInt64) -> [UInt64] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let bits = UInt64.random(in: 0...36, using: &random)
            return UInt64.random(in: 0...(1 << bits), using: &random)
        }
    }

    static func histogram(_ durations: [UInt64]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for duration in durations { histogram.record(duration) }
        return histogram
    }

    @Test(arguments: [1, 2, 3]) func countsAreThoseOfTheDurations(seed: UInt64) {
        let durations = Self.durations(5000, seed: seed)
        let histogram = Self.histogram(durations)
        #expect(histogram.count == 5000 && histogram.sum == durations.reduce(0, +))
        let cumulative = histogram.cumulative
        #expect(cumulative.map(\.end) == (10...34).map { Double(1 << $0) / 1e9 })
        for (end, count) in cumulative {
            let below = durations.count { Double($0) / 1e9 < end }
            #expect(count == UInt64(below), "below \(end) s, seed \(seed)")
        }
    }

    @Test(arguments: [4, 5, 6]) func quantilesAreNear(seed: UInt64) throws {
        let durations = Self.durations(2000, seed: seed).filter { (1 << 10..<1 << 34).contains($0) }
        let histogram = Self.histogram(durations)
        let sorted = durations.sorted()
        for share in [0.01, 0.1, 0.5, 0.9, 0.99, 1] {
            let exact = Double(sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]) / 1e9
            let found = try #require(histogram.quantile(share))
            #expect(found >= exact / 1.25 && found <= exact * 1.25, "\(share): \(found), exactly \(exact)")
        }
        #expect(LatencyHistogram().quantile(0.5) == nil)
    }

    @Test func whatWasAddedCanBeTakenAway() {
        let (first, second) = (Self.durations(300, seed: 7), Self.durations(400, seed: 8))
        var sum = Self.histogram(first)
        sum.add(Self.histogram(second))
        #expect(sum == Self.histogram(first + second))
        #expect(sum.since(Self.histogram(first)) == Self.histogram(second))
        var several = LatencyHistogram()
        several.record(5000, times: 3)
        #expect(several == Self.histogram([5000, 5000, 5000]))
    }

    /// Turns that had nothing to do do not count, and stages only where they happened.
    @Test func onlyWorkIsMeasured() {
        var clock = TurnClock()
        clock.beginTurn()
        clock.end(.receive)
        clock.endTurn(received: 0, limit: 4)
        #expect(clock.latencies == TurnLatencies())
        clock.beginTurn()
        clock.end(.receive)
        clock.endTurn(received: 3, limit: 4)
        clock.beginTurn()
        clock.end(.receive)
        clock.end(.step)
        clock.endPublishing(5)
        clock.end(.step)
        clock.endPublishing(0)
        clock.endTurn(received: 4, limit: 4)
        let latencies = clock.latencies
        #expect(latencies.turns.count == 2 && latencies.fullTurns == 1 && latencies.forecasts.count == 5)
        #expect(latencies.stages.map(\.count) == [2, 1, 1])
        var both = latencies
        both.add(latencies)
        #expect(both.since(latencies) == latencies)
    }
}
