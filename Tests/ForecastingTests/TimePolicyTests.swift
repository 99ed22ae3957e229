// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// What each policy makes of a few observations, as tables.
struct TimePolicyTests {
    /// Observations of one stream by time in milliseconds, and what must come of them.
    ///
    /// A tick is written as its time in ms, its value and its marks: `i` imputed, `gN` gap of N, `r` anew,
    /// `v` revised, `R` status reset, `S` status stale.
    struct Table: Sendable, CustomTestStringConvertible {
        var name: String
        var policy: TimePolicy
        var observations: [(ms: Int64, value: Double)]
        /// The clock after the last observation, ms later.
        var silence: Int64 = 0
        var ticks: String
        var refused: [Refusal] = []
        var testDescription: String { name }
    }

    static func second(_ change: (inout TimePolicy) -> Void = { _ in }) -> TimePolicy {
        var policy = TimePolicy()
        policy.every = .period(1_000_000_000)
        change(&policy)
        return policy
    }

    static let five: [(Int64, Double)] = [(100, 4), (900, 1), (200, 7), (1100, 0), (2000, 0)]
    static let gap: [(Int64, Double)] = [(0, 10), (1000, 20), (4000, 50), (5000, 0)]

    static let tables =
        TimePolicy.Aggregate.allCases.map { aggregate in
            let joined: [TimePolicy.Aggregate: Int] = [.last: 1, .mean: 4, .min: 1, .max: 7, .sum: 12]
            return Table(
                name: "aggregate \(aggregate)", policy: second { $0.aggregate = aggregate },
                observations: five,
                ticks: "0:\(joined[aggregate]!) 1000:0")
        } + [
            Table(
                name: "a sum that overflows is missing", policy: second { $0.aggregate = .sum },
                observations: [(0, 3), (1000, 1.7e308), (1500, 1.7e308), (2000, 4), (3000, 5)],
                ticks: "0:3 1000:3i 2000:4g1"),
            Table(
                name: "a mean whose sum overflows is missing",
                policy: second { ($0.aggregate, $0.fill) = (.mean, .skip) },
                observations: [
                    (0, 1.7e308), (500, 1.7e308), (600, -1.7e308), (1000, 1), (2000, 4), (3000, 5),
                ],
                ticks: "1000:1 2000:4"),
            Table(
                name: "each observation is a tick", policy: TimePolicy(),
                observations: [(5, 1), (5, 2), (90, 3)],
                ticks: "5:1 5:2 90:3"),
            Table(
                name: "late without lateness", policy: second(),
                observations: [(500, 1), (1500, 2), (900, 3), (2500, 4)],
                ticks: "0:1 1000:2", refused: [.late]),
            Table(
                name: "late within lateness", policy: second { $0.lateness = 700_000_000 },
                observations: [(500, 1), (1500, 2), (900, 3), (1700, 4), (999, 5), (3000, 6)],
                ticks: "0:3 1000:4", refused: [.late]),
            Table(
                name: "late and revised", policy: second { $0.reviseLimit = 2 },
                observations: [(0, 1), (1000, 2), (2000, 3), (3000, 4), (1500, 9), (2500, 8), (4000, 5)],
                ticks: "0:1 1000:2 2000:3 2000:3v 2000:8v 3000:4"),
            Table(
                name: "late beyond the limit", policy: second { $0.reviseLimit = 2 },
                observations: [(0, 1), (1000, 2), (2000, 3), (3000, 4), (999, 9), (-5, 9), (4000, 5)],
                ticks: "0:1 1000:2 2000:3 3000:4", refused: [.late, .late]),
            Table(
                name: "late again", policy: second { ($0.reviseLimit, $0.aggregate) = (5, .sum) },
                observations: [(0, 1), (1000, 2), (2000, 3), (1500, 9), (1500, 9), (3000, 4)],
                ticks: "0:1 1000:2 1000:11v 2000:3", refused: [.duplicate]),
            Table(
                name: "late into a filled gap", policy: second { $0.reviseLimit = 8 },
                observations: gap + [(2000, 30)],
                ticks: "0:10 1000:20 2000:20i 3000:20ig1 4000:50g2 4000:50g1v"),
            Table(
                name: "late into a gap that was too long",
                policy: second { ($0.reviseLimit, $0.limit) = (8, 1_000_000_000) },
                observations: gap + [(2000, 30)],
                ticks: "0:10 1000:20 4000:50g2rR 4000:50g1v"),
            Table(
                name: "late before the first", policy: second { $0.reviseLimit = 8 },
                observations: [(5000, 1), (6000, 2), (4000, 9), (7000, 3)], ticks: "5000:1 6000:2",
                refused: [.late]),
            Table(
                name: "a clock set back within the limit", policy: second { $0.reviseLimit = 64 },
                observations: (0...8).map { ($0 * 1000, Double($0)) } + (1...6).map { ($0 * 1000 + 5, 9) },
                ticks: "0:0 1000:1 2000:2 3000:3 4000:4 5000:5 6000:6 7000:7"
                    + String(repeating: " 7000:7v", count: 6)),
            Table(
                name: "duplicates", policy: second { $0.aggregate = .sum },
                observations: [(100, 1), (100, 1), (200, 2), (200, 2), (200, 3), (1000, 0)], ticks: "0:6",
                refused: [.duplicate, .duplicate]),
            Table(
                name: "before the epoch", policy: second(),
                observations: [(-1500, 1), (-500, 2), (500, 3), (1500, 4)],
                ticks: "-2000:1 -1000:2 0:3"),
            Table(
                name: "hold", policy: second(), observations: gap,
                ticks: "0:10 1000:20 2000:20i 3000:20ig1 4000:50g2"),
            Table(
                name: "linear", policy: second { $0.fill = .linear }, observations: gap,
                ticks: "0:10 1000:20 2000:30i 3000:40ig1 4000:50g2"),
            Table(
                name: "skip", policy: second { $0.fill = .skip }, observations: gap,
                ticks: "0:10 1000:20 4000:50g2"),
            Table(
                name: "seasonal",
                policy: second { ($0.fill, $0.season, $0.windowLength) = (.seasonal, 3, 3) },
                observations: gap,
                ticks: "0:10 1000:20 2000:20i 3000:10ig1 4000:50g2"),
            Table(
                name: "a gap as long as the limit", policy: second { $0.limit = 2_000_000_000 },
                observations: gap,
                ticks: "0:10 1000:20 2000:20i 3000:20ig1 4000:50g2"),
            Table(
                name: "a longer gap", policy: second { $0.limit = 1_999_000_000 }, observations: gap,
                ticks: "0:10 1000:20 4000:50g2rR"),
            Table(
                name: "a longer gap, rewarmed",
                policy: second { ($0.limit, $0.renewal, $0.windowLength) = (0, .rewarm, 8) },
                observations: gap,
                ticks: "0:10 1000:20 4000:50g2r"),
            Table(
                name: "a silence shorter than a tick", policy: second(), observations: [(0, 1), (1000, 2)],
                silence: 1999, ticks: "0:1"),
            Table(
                name: "a silence longer than a tick", policy: second(), observations: [(0, 1), (1000, 2)],
                silence: 2000, ticks: "0:1 1000:2"),
            Table(
                name: "a silence that is filled", policy: second { $0.fill = .linear },
                observations: [(0, 1), (1000, 2)], silence: 4000, ticks: "0:1 1000:2 2000:2i 3000:2ig1"),
            Table(
                name: "a silence beyond the limit", policy: second { $0.limit = 1_000_000_000 },
                observations: [(0, 1), (1000, 2)], silence: 60_000, ticks: "0:1 1000:2 2000:2i 3000:2ig1S"),
            Table(
                name: "a silence that is skipped",
                policy: second { ($0.fill, $0.limit) = (.skip, 1_000_000_000) },
                observations: [(0, 1), (1000, 2)], silence: 60_000, ticks: "0:1 1000:2 3000:2ig1S"),
            Table(
                name: "a clock set back", policy: second(),
                observations: [
                    (90_000, 1), (91_000, 2), (0, 3), (1000, 4), (2000, 5), (3000, 6), (4000, 7), (5000, 8),
                ],
                ticks: "90000:1 91000:2 4000:7r", refused: [.late, .late, .late, .late]),
            Table(
                name: "a clock set back whose times repeat", policy: second(),
                observations: [
                    (90_000, 1), (0, 3), (1000, 4), (1000, 4), (2000, 5), (2000, 6), (3000, 6), (4000, 7),
                    (5000, 8),
                ],
                ticks: "90000:1 4000:7r", refused: Array(repeating: .late, count: 6)),
            Table(
                name: "the same late value again and again", policy: second(),
                observations: [(90_000, 1)] + Array(repeating: (1000, 4), count: 9) + [(91_000, 2)],
                ticks: "90000:1", refused: Array(repeating: .late, count: 9)),
            Table(
                name: "late values that do not agree", policy: second(),
                observations: [(90_000, 1), (0, 3), (1000, 4), (2000, 5), (3000, 6), (3000, 7), (91_000, 8)],
                ticks: "90000:1", refused: [.late, .late, .late, .late, .late]),
            Table(
                name: "a clock set back where each observation is a tick", policy: TimePolicy(),
                observations: [(90_000, 1), (0, 3), (1000, 4), (2000, 5), (3000, 6), (4000, 7)],
                ticks: "90000:1 4000:7r", refused: [.late, .late, .late, .late]),
            Table(
                name: "a clock set back a little where each observation is a tick", policy: TimePolicy(),
                observations: [(60_000, 1), (0, 3), (1000, 4), (2000, 5), (3000, 6), (4000, 7), (60_000, 8)],
                ticks: "60000:1 60000:8", refused: [.late, .late, .late, .late, .late]),
        ]

    @Test(arguments: tables) func makesTheTicksOf(_ table: Table) throws {
        var plan = try makePlan(.random(ForecastEngineTests.recursive, seed: 3), batchLimit: 2)
        var rule = plan.rules[0]
        rule.time = table.policy
        plan = ForecastPlan(models: plan.models, rules: [rule], streamsLimit: 2, batchLimit: 2)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var published: [PublishedForecast] = []
        var refused: [Refusal] = []
        var now = Timestamp(nanoseconds: 0)
        for (ms, value) in table.observations {
            // The clock is right where the sender's never jumps.
            now = Timestamp(nanoseconds: max(now.nanoseconds, ms * 1_000_000))
            let observation = Observation(time: Timestamp(nanoseconds: ms * 1_000_000), value: value)
            if let refusal = engine.accept(observation, of: "a".utf8.span.bytes, at: now) {
                refused.append(refusal)
            }
            published += engine.takeForecasts(at: now)
        }
        now.nanoseconds += table.silence * 1_000_000
        while table.silence > 0 && engine.passTime(to: now) { published += engine.takeForecasts(at: now) }
        #expect(published.map(Self.text).joined(separator: " ") == table.ticks)
        #expect(refused == table.refused)
        #expect(published.map(\.head.sequence) == Array(1...UInt64(published.count)))
    }

    static func text(_ forecast: PublishedForecast) -> String {
        let head = forecast.head
        return "\(head.time.nanoseconds / 1_000_000):\(Int(head.value))" + (head.isImputed ? "i" : "")
            + (head.gap > 0 ? "g\(head.gap)" : "") + (head.isReset ? "r" : "")
            + (head.isRevised ? "v" : "")
            + (head.status == .reset ? "R" : head.status == .stale ? "S" : "")
    }

    /// Ticks of a grid are forecast as the same values would be that are ticks of their own.
    @Test(arguments: [ForecastPlan.Model.Mode.stateful, .window(length: 4)])
    func aFilledGapIsForecastAsItsValuesAre(mode: ForecastPlan.Model.Mode) throws {
        let weights = RecurrentWeights.random(ForecastEngineTests.recursive, seed: 8)
        let plain = try makePlan(weights, mode: mode, scaling: .fixed(mean: 20, deviation: 9), horizon: 3)
        var rule = plain.rules[0]
        rule.time = Self.second { $0.fill = .linear }
        var grid = ForecastEngine(
            plan: ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 3), seed: 1)
        var events = ForecastEngine(plan: plain, seed: 1)
        var (got, want): ([PublishedForecast], [PublishedForecast]) = ([], [])
        for (ms, value) in Self.gap {
            _ = grid.accept("a", value, seconds: ms / 1000)
            got += grid.takeForecasts(at: Timestamp(nanoseconds: 0))
        }
        for (second, value) in [10.0, 20, 30, 40, 50].enumerated() {
            _ = events.accept("a", value, seconds: Int64(second))
            want += events.takeForecasts(at: Timestamp(nanoseconds: 0))
        }
        #expect(got.count == 5 && zip(got, want).allSatisfy { $0.isSame(as: $1) })
    }

    /// A window of one tick has no past but the scale, so that the forecast after a gap shows what filling did to it.
    @Test func whatStandsInLeavesTheScaleAlone() throws {
        let weights = RecurrentWeights.random(ForecastEngineTests.recursive, seed: 8)
        let plain = try makePlan(
            weights, mode: .window(length: 1), scaling: .rolling(halfLife: 5), horizon: 3)
        let forecasts = [TimePolicy.Fill.hold, .skip].map { fill in
            var rule = plain.rules[0]
            rule.time = Self.second { $0.fill = fill }
            var engine = ForecastEngine(
                plan: ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 3),
                seed: 1)
            var last: PublishedForecast?
            for (ms, value) in Self.gap {
                _ = engine.accept("a", value, seconds: ms / 1000)
                last = engine.takeForecasts(at: Timestamp(nanoseconds: 0)).last ?? last
            }
            return last
        }
        #expect(forecasts[0]?.head.gap == 2 && forecasts[0]?.yhat == forecasts[1]?.yhat)
    }

    /// After a long gap the model is where the kept values alone bring it.
    @Test func rewarmingRunsOverTheKeptValues() throws {
        let weights = RecurrentWeights.random(ForecastEngineTests.recursive, seed: 8)
        let plain = try makePlan(weights, scaling: .fixed(mean: 20, deviation: 9), horizon: 3)
        var rule = plain.rules[0]
        rule.time = Self.second { ($0.renewal, $0.windowLength) = (.rewarm, 4) }
        var grid = ForecastEngine(
            plan: ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 3), seed: 1)
        var fresh = ForecastEngine(plan: plain, seed: 1)
        let values = (0..<9).map { 15 + Double($0 * $0 % 11) }
        for (second, value) in values.enumerated() {
            _ = grid.accept("a", value, seconds: Int64(second));
            _ = grid.takeForecasts(at: Timestamp(nanoseconds: 0))
        }
        _ = grid.accept("a", 33, seconds: 500)
        _ = grid.takeForecasts(at: Timestamp(nanoseconds: 0))
        _ = grid.accept("a", 0, seconds: 501)
        let got = try #require(grid.takeForecasts(at: Timestamp(nanoseconds: 0)).last)
        var want: [PublishedForecast] = []
        for (second, value) in (values.suffix(4) + [33]).enumerated() {
            _ = fresh.accept("a", value, seconds: Int64(second))
            want = fresh.takeForecasts(at: Timestamp(nanoseconds: 0))
        }
        #expect(got.yhat == want[0].yhat && got.head.isReset && got.head.gap == 491)
    }

    /// Neither the ends of time nor a grid of a millisecond across all of it take long or overflow.
    @Test(arguments: [1_000_000, TimePolicy.periods.upperBound])
    func extremeTimesAreHarmless(period: Int64) throws {
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3))
        for every in [TimePolicy.Every.period(period), .auto] {
            var rule = plain.rules[0]
            rule.maximumSkew = .max
            rule.time.every = every
            rule.time.lateness = min(period, TimePolicy.periods.upperBound / 999) * 999
            (rule.time.limit, rule.time.renewal) = (TimePolicy.periods.upperBound, .rewarm)
            rule.time.windowLength = 100_000
            var engine = ForecastEngine(
                plan: ForecastPlan(
                    models: plain.models, rules: [rule], streamsLimit: 1_000_000, batchLimit: 16), seed: 1)
            var generator = SeededGenerator(seed: 6)
            let ends: [Int64] = [.min, -1 << 62, -1, 0, 1, 1 << 61, 1 << 62, .max]
            for _ in 0..<400 {
                let end = ends.randomElement(using: &generator)!
                let now = Timestamp(nanoseconds: ends.randomElement(using: &generator)!)
                let stream = "s\(Int.random(in: 0..<30, using: &generator))"
                let step = Int64.random(in: -2...2, using: &generator)
                for later in step..<step + 6 {
                    let time = Timestamp(nanoseconds: end.addingReportingOverflow(later).partialValue)
                    if engine.isFull { _ = engine.takeForecasts(at: now) }
                    _ = engine.accept(Observation(time: time, value: 1), of: stream.utf8.span.bytes, at: now)
                }
                _ = engine.takeForecasts(at: now)
                guard step == 0 else { continue }
                while engine.passTime(to: now) { _ = engine.takeForecasts(at: now) }
            }
            #expect(engine.streamCount == 30 && engine.timeCounts.turned > 0)
        }
    }

    @Test(
        arguments: [
            (1000, 20, "1s"), (1000, 0, "1s"), (952, 3, "1s"), (330, 2, "330ms"), (1234, 2, "1200ms"),
            (59_000, 900, "60s"),
            (10, 0, "10ms"), (0, 0, "event"),
        ] as [(Int64, Int64, String)])
    func learnsThePeriod(period: Int64, jitter: Int64, expected: String) throws {
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3))
        var rule = plain.rules[0]
        rule.time.every = .auto
        rule.maximumSkew = .max
        var engine = ForecastEngine(
            plan: ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 2, batchLimit: 4), seed: 1)
        var generator = SeededGenerator(seed: 4)
        var heads: [Forecast] = []
        for index in 0..<40 as Range<Int64> {
            // A gap and a burst among the first observations do not matter.
            let gap = index >= 10 ? 20 * period : 0
            let ms = index * period + gap + Int64.random(in: 0...jitter, using: &generator)
            let time = Timestamp(nanoseconds: ms * 1_000_000)
            _ = engine.accept(
                Observation(time: time, value: Double(index)), of: "a".utf8.span.bytes, at: time)
            heads += engine.takeForecasts(at: time).map(\.head)
        }
        #expect(heads.prefix(30).allSatisfy { $0.period == 0 })
        let periods = Set(heads.dropFirst(30).map { $0.period / 1_000_000 })
        let text = periods.map { $0 == 0 ? "event" : $0 % 1000 == 0 ? "\($0 / 1000)s" : "\($0)ms" }
        #expect(text == [expected])
        #expect(engine.timeCounts.learned == (expected == "event" ? 0 : 1))
    }
}
