// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// Observations that are ticks, and wait for earlier ones.
struct ReorderingTests {
    static let second: Int64 = 1_000_000_000

    /// What happens to one stream, by time in milliseconds, and the ticks that are made at once.
    enum Event: Sendable {
        case value(Int64, Double, Refusal? = nil, makes: String = "")
        /// A value timed by its arrival.
        case arrival(Int64, Double, makes: String = "")
        /// Nothing comes until then.
        case silence(Int64, makes: String = "")
    }

    struct Table: Sendable, CustomTestStringConvertible {
        var name: String
        var lateness: Int64 = second
        var events: [Event]
        var testDescription: String { name }
    }

    static let tables = [
        Table(
            name: "none waits without lateness", lateness: 0,
            events: [
                .value(0, 1, makes: "0:1"), .value(500, 2, makes: "500:2"), .value(400, 3, .late),
                .value(600, 4, makes: "600:4"),
            ]),
        Table(
            name: "in order of time",
            events: [
                .value(0, 1, makes: "0:1"), .value(900, 2), .value(300, 3), .value(600, 4),
                .value(1500, 5, makes: "300:3"), .value(1600, 6, makes: "600:4"),
                .value(1899, 7), .value(1900, 8, makes: "900:2"),
                .value(9000, 9, makes: "1500:5 1600:6 1899:7 1900:8"),
            ]),
        Table(
            name: "what is earlier than a tick made is late",
            events: [
                .value(0, 1, makes: "0:1"), .value(500, 2), .value(2000, 3, makes: "500:2"),
                .value(499, 4, .late),
                .value(700, 5, makes: "700:5"), .value(600, 6, .late), .value(3000, 7, makes: "2000:3"),
            ]),
        Table(
            name: "duplicates, made and waiting",
            events: [
                .value(0, 1, makes: "0:1"), .value(0, 1, .duplicate), .value(500, 2), .value(900, 3),
                .value(500, 2, .duplicate), .value(500, 4), .value(500, 2), .value(900, 3, .duplicate),
                .value(5000, 5, makes: "500:2 500:4 500:2 900:3"),
            ]),
        Table(
            name: "in order of arrival where times are equal",
            events: [
                .value(0, 1, makes: "0:1"), .value(500, 2), .value(700, 3), .value(500, 4), .value(500, 5),
                .value(700, 6), .value(2000, 7, makes: "500:2 500:4 500:5 700:3 700:6"),
            ]),
        Table(
            name: "silence: the stream's time goes on from the arrival of the newest",
            events: [
                .value(0, 1, makes: "0:1"), .value(900, 2), .value(400, 3), .silence(1399),
                .silence(1400, makes: "400:3"), .silence(1899), .silence(1900, makes: "900:2"),
                .silence(99_000),
                .value(899, 4, .late), .value(99_000, 5), .silence(100_000, makes: "99000:5"),
            ]),
        Table(
            name: "a value timed by its arrival does not wait",
            events: [
                .value(0, 1, makes: "0:1"), .value(900, 2), .value(1300, 3), .value(800, 4),
                .arrival(1000, 5, makes: "800:4 900:2 1000:5"), .value(950, 6, .late),
                .arrival(1100, 7, makes: "1100:7"), .silence(2300, makes: "1300:3"),
            ]),
        Table(
            name: "all of the old time line goes out before a new one begins",
            events: [
                .value(200_000, 1, makes: "200000:1"), .value(200_500, 2), .value(200_300, 3),
                .value(0, 4, .late),
                .value(1000, 5, .late), .value(2000, 6, .late), .value(3000, 7, .late),
                .value(4000, 8, makes: "200300:3 200500:2 4000:8r"), .value(4500, 9), .value(4200, 10),
                .value(5500, 11, makes: "4200:10 4500:9"),
            ]),
        Table(
            name: "a value that waits ends a row of late ones",
            events: [
                .value(200_000, 1, makes: "200000:1"), .value(0, 2, .late), .value(1000, 3, .late),
                .value(2000, 4, .late), .value(3000, 5, .late), .value(200_100, 6), .value(4000, 7, .late),
                .value(200_200, 8), .silence(201_200, makes: "200100:6 200200:8"),
            ]),
        Table(
            name: "no more than 64 wait", lateness: 1000 * second,
            events: [.value(0, 0, makes: "0:0")] + (1...63).map { .value($0, Double($0)) } + [
                .value(64, 64, makes: "1:1"), .value(3, 99, makes: "2:2"), .value(2, 98, makes: "2:98"),
                .value(1, 97, .late),
            ]),
    ]

    static func plan(_ time: TimePolicy, batchLimit: Int) throws -> ForecastPlan {
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3))
        var rule = plain.rules[0]
        rule.time = time
        return ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: batchLimit)
    }

    /// With a batch of one observation, a tick at a time finds room: nothing is lost or exchanged by that.
    @Test(arguments: tables, [1, 3, 100]) func theTicksAreInOrder(_ table: Table, batchLimit: Int) throws {
        var time = TimePolicy()
        time.lateness = table.lateness
        var engine = ForecastEngine(plan: try Self.plan(time, batchLimit: batchLimit), seed: 1)
        var now = Timestamp(nanoseconds: 0)
        for (index, event) in table.events.enumerated() {
            var made: [PublishedForecast] = []
            let expected: String
            switch event {
            case .value(let ms, let value, let refusal, let makes):
                let time = Timestamp(nanoseconds: ms * 1_000_000)
                now = max(now, time)
                #expect(
                    engine.accept(Observation(time: time, value: value), of: "a".utf8.span.bytes, at: now)
                        == refusal, "event \(index)")
                expected = makes
            case .arrival(let ms, let value, let makes):
                let time = Timestamp(nanoseconds: ms * 1_000_000)
                let observation = Observation(time: time, value: value, isTimedByArrival: true)
                #expect(engine.accept(observation, of: "a".utf8.span.bytes, at: now) == nil, "event \(index)")
                expected = makes
            case .silence(let ms, let makes):
                now = Timestamp(nanoseconds: ms * 1_000_000)
                while engine.passTime(to: now) { made += engine.takeForecasts(at: now) }
                expected = makes
            }
            made += engine.takeForecasts(at: now)
            #expect(made.map(TimePolicyTests.text).joined(separator: " ") == expected, "event \(index)")
        }
    }

    /// The period of a stream out of order is learned from its values in order, and none is lost at the change.
    @Test(arguments: [2, 64]) func thePeriodIsLearnedInOrder(batchLimit: Int) throws {
        var time = TimePolicy()
        (time.every, time.lateness) = (.auto, 4 * Self.second)
        var engine = ForecastEngine(plan: try Self.plan(time, batchLimit: batchLimit), seed: 1)
        var heads: [Forecast] = []
        // Every other pair of seconds is exchanged.
        for index in 0..<60 as Range<Int64> {
            let second = index % 4 > 1 ? index ^ 1 : index
            #expect(engine.accept("a", Double(second), seconds: second) == nil)
            heads += engine.takeForecasts(at: Timestamp(nanoseconds: 0)).map(\.head)
        }
        #expect(engine.timeCounts.learned == 1)
        #expect(heads.map(\.time.nanoseconds) == (0..<Int64(heads.count)).map { $0 * Self.second })
        #expect(heads.map(\.value) == (0..<heads.count).map(Double.init))
        // The 30th, of second 29, goes out when that of 33 is there; those that wait then are ticks of their own, too.
        #expect(heads.firstIndex { $0.period != 0 } == 34)
        #expect(heads.count > 50 && heads.allSatisfy { !$0.isImputed && $0.gap == 0 })
    }

    /// Neither the ends of time nor a full queue do harm.
    @Test(arguments: [TimePolicy.Every.event, .auto]) func extremeTimesAreHarmless(every: TimePolicy.Every)
        throws
    {
        for lateness in [1, 366 * 86_400 * Self.second] {
            var time = TimePolicy()
            (time.every, time.lateness) = (every, lateness)
            var plan = try Self.plan(time, batchLimit: 7)
            var rule = plan.rules[0]
            rule.maximumSkew = .max
            plan = ForecastPlan(models: plan.models, rules: [rule], streamsLimit: 40, batchLimit: 7)
            var engine = ForecastEngine(plan: plan, seed: 1)
            var generator = SeededGenerator(seed: 9)
            let ends: [Int64] = [.min, -1 << 62, -1, 0, 1 << 61, 1 << 62, .max]
            var (taken, made) = (0, 0)
            for round in 0..<4000 {
                let now = Timestamp(nanoseconds: ends.randomElement(using: &generator)!)
                // From end to end, and sometimes anywhere, which shows nothing but late values later on.
                let isAnywhere = Int.random(in: 0..<500, using: &generator) == 0
                let end =
                    isAnywhere ? ends.randomElement(using: &generator)! : ends[round * ends.count / 4000]
                let offset = Int64.random(in: -80...80, using: &generator)
                let observation = Observation(
                    time: Timestamp(nanoseconds: end.addingReportingOverflow(offset).partialValue), value: 1,
                    isTimedByArrival: Int.random(in: 0..<20, using: &generator) == 0)
                let stream = "s\(Int.random(in: 0..<30, using: &generator))"
                if engine.accept(observation, of: stream.utf8.span.bytes, at: now) == nil { taken += 1 }
                made += engine.takeForecasts(at: now).count
                if offset == 0 {
                    while engine.passTime(to: now) { made += engine.takeForecasts(at: now).count }
                }
            }
            #expect(taken > 300 && made > 300, "\(taken) \(made)")
        }
    }
}
