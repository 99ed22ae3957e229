// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import Testing

/// Senders that are later than they were, while silence is filled for long.
struct SlowerSenderTests {
    /// Values come once a second, from second 100 on `delay` seconds later, or with times that much earlier.
    @Test(arguments: [1, 3, 4, 20, 60], [false, true])
    func aSenderThatIsLaterIsNotLateForEver(delay: Int64, isOnItsWay: Bool) throws {
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3), batchLimit: 2)
        var rule = plain.rules[0]
        rule.time.every = .period(1_000_000_000)
        rule.time.limit = 3600 * 1_000_000_000
        let plan = ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 2)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var published: [PublishedForecast] = []
        var refused = 0
        for second in 0..<600 as Range<Int64> {
            let now = Timestamp(nanoseconds: second * 1_000_000_000)
            while engine.passTime(to: now) { published += engine.takeForecasts(at: now) }
            if isOnItsWay && (100..<100 + delay).contains(second) { continue }
            let time = second < 100 ? second : second - delay
            if engine.accept("a", Double(time), seconds: time, now: second) != nil { refused += 1 }
            published += engine.takeForecasts(at: now)
        }
        let times = published.map { $0.head.time.nanoseconds / 1_000_000_000 }
        // A clock set back that far is a new time line; anything else leaves one forecast for each tick.
        if delay <= 4 || isOnItsWay { #expect(times == Array(0..<Int64(times.count))) }
        #expect(refused <= delay + 3, "\(refused) values")
        #expect(published.suffix(300).allSatisfy { !$0.head.isImputed })
    }

    /// The drawing in Documentation/Time.md.
    @Test func silenceIsCountedFromTheLateValue() throws {
        var published: [String] = []
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3), batchLimit: 2)
        var rule = plain.rules[0]
        rule.time.every = .period(1_000_000_000)
        rule.time.limit = 3600 * 1_000_000_000
        let plan = ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 2)
        var engine = ForecastEngine(plan: plan, seed: 1)
        let times: [Int64] = [0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7]
        for second in 0...10 as ClosedRange<Int64> {
            let time = times[Int(second)]
            let now = Timestamp(nanoseconds: second * 1_000_000_000)
            var forecasts: [PublishedForecast] = []
            while engine.passTime(to: now) { forecasts += engine.takeForecasts(at: now) }
            let isLate = engine.accept("a", 5, seconds: time, now: second) == .late
            forecasts += engine.takeForecasts(at: now)
            published.append((isLate ? "late " : "") + forecasts.map(TimePolicyTests.text).joined())
        }
        #expect(
            published == [
                "", "0:5", "1000:5", "late ", "late 2000:5", "late 3000:5i", "late 4000:5ig1", "late ", "",
                "5000:5g2", "6000:5",
            ])
    }
}
