// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import Testing

/// Each kind of decision is caused, and seen with its times, its value and its setting.
struct EngineDecisionTests {
    /// A decision, its times in seconds.
    struct Expected: Equatable, Sendable {
        var kind: Decision.Kind
        var count: UInt64 = 1
        var begin: Int64
        var end: Int64
        var value: Double?
        var setting = Decision.Setting.none
    }

    /// What happens to a stream, and what was decided then.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var stream = "plant.a"
        var rule: @Sendable (inout ForecastPlan.Rule) -> Void = { _ in }
        /// Values by time; where the clock stands at another, that follows.
        var values: [(time: Int64, value: Double, now: Int64?)]
        /// Up to when time passes without a value.
        var end: Int64?
        var expected: [Expected]
        var testDescription: String { name }
    }

    static let second: Int64 = 1_000_000_000

    static func seconds(_ times: [Int64], now: Int64? = nil) -> [(time: Int64, value: Double, now: Int64?)] {
        times.map { ($0, Double($0 % 10), now) }
    }

    /// A stream with a tick a second, whose gaps are filled for three.
    static func timed(_ change: @escaping @Sendable (inout TimePolicy) -> Void = { _ in })
        -> @Sendable (inout ForecastPlan.Rule) -> Void
    {
        { rule in
            (rule.time.every, rule.time.limit, rule.time.windowLength) = (.period(second), 3 * second, 8)
            change(&rule.time)
        }
    }

    static func filled(_ fill: TimePolicy.Fill, _ value: Double) -> Case {
        Case(
            name: "a gap, filled by \(fill)",
            rule: timed { time in
                (time.fill, time.season) = (fill, fill == .seasonal ? 2 : 0)
            }, values: seconds([100, 101, 102, 105, 106]),
            expected: [
                Expected(
                    kind: .filled(fill), count: 2, begin: 103, end: 104, value: value,
                    setting: .duration(3 * second))
            ])
    }

    static let refusals = [
        Case(
            name: "no rule", stream: "lab.a", values: seconds([100, 101]),
            expected: [Expected(kind: .refused(.unmatched), count: 2, begin: 100, end: 101, value: 1)]),
        Case(
            name: "no room", stream: "plant.third", values: seconds([100]),
            expected: [
                Expected(
                    kind: .refused(.streamsLimit), begin: 100, end: 100, value: 0, setting: .count(2))
            ]),
        Case(
            name: "ahead of the clock", rule: { $0.maximumSkew = 5 * second },
            values: [(100, 0, 100), (106, 6, 100)],
            expected: [
                Expected(
                    kind: .refused(.ahead), begin: 106, end: 106, value: 6, setting: .duration(5 * second))
            ]),
        Case(
            name: "ahead at its beginning", rule: { $0.maximumSkew = 5 * second }, values: [(106, 6, 100)],
            expected: [
                Expected(
                    kind: .refused(.ahead), begin: 106, end: 106, value: 6, setting: .duration(5 * second))
            ]),
        Case(
            name: "late", rule: timed { $0.lateness = 2 * second },
            values: seconds([100, 101, 102, 103, 104, 105, 101, 105, 102]),
            expected: [
                Expected(
                    kind: .refused(.duplicate), begin: 105, end: 105, value: 5),
                Expected(
                    kind: .refused(.late), count: 2, begin: 101, end: 102, value: 2,
                    setting: .duration(2 * second)),
            ]),
        Case(
            name: "rejected", rule: { $0.values.rejected = [7] }, values: seconds([100, 107]),
            expected: [
                Expected(kind: .refused(.rejected), begin: 107, end: 107, value: 7, setting: .value(7))
            ]),
        Case(
            name: "out of range", rule: { ($0.values.minimum, $0.values.maximum) = (1, 8) },
            values: seconds([101, 109, 110]),
            expected: [
                Expected(
                    kind: .refused(.outOfRange), count: 2, begin: 109, end: 110, value: 0, setting: .value(1))
            ]),
        Case(
            name: "too fast", rule: { $0.values.rate = 2 }, values: [(100, 0, nil), (101, 7, nil)],
            expected: [
                Expected(kind: .refused(.rate), begin: 101, end: 101, value: 7, setting: .value(2))
            ]),
        Case(
            name: "stuck for a number of values", rule: { $0.values.stuck = .observations(2) },
            values: [(100, 4, nil), (101, 4, nil), (102, 4, nil), (103, 4, nil)],
            expected: [
                Expected(
                    kind: .refused(.stuck), count: 2, begin: 102, end: 103, value: 4, setting: .count(2))
            ]),
        Case(
            name: "stuck for a time", rule: { $0.values.stuck = .duration(second) },
            values: [(100, 4, nil), (101, 4, nil), (102, 4, nil)],
            expected: [
                Expected(
                    kind: .refused(.stuck), begin: 102, end: 102, value: 4, setting: .duration(second))
            ]),
        Case(name: "nothing", rule: timed(), values: seconds(Array(100..<120)), expected: []),
    ]

    static let timeLines = [
        filled(.hold, 2), filled(.seasonal, 2), filled(.linear, 2 * (1 - 2.0 / 3) + 5 * (2.0 / 3)),
        Case(
            name: "a gap, passed over", rule: timed { $0.fill = .skip },
            values: seconds([100, 101, 104, 105]),
            expected: [
                Expected(kind: .skipped, begin: 102, end: 104, value: 4, setting: .duration(3 * second))
            ]),
        Case(
            name: "a gap too long, then anew", rule: timed(), values: seconds([100, 101, 108, 109]),
            expected: [
                Expected(
                    kind: .renewed(.reset), begin: 102, end: 108, value: 8, setting: .duration(3 * second))
            ]),
        Case(
            name: "a gap too long, then over the window", rule: timed { $0.renewal = .rewarm },
            values: seconds([100, 101, 108, 109]),
            expected: [
                Expected(
                    kind: .renewed(.rewarm), begin: 102, end: 108, value: 8, setting: .duration(3 * second))
            ]),
        Case(
            name: "silence", rule: timed(), values: seconds([100, 101]), end: 130,
            expected: [
                Expected(
                    kind: .filled(.hold), count: 3, begin: 102, end: 104, value: 1,
                    setting: .duration(3 * second)),
                Expected(kind: .stale, begin: 102, end: 105, value: 1, setting: .duration(3 * second)),
            ]),
        Case(
            name: "a late value, taken in", rule: timed { $0.reviseLimit = 4 },
            values: seconds([100, 101, 103, 104, 102, 105]),
            expected: [
                Expected(
                    kind: .filled(.hold), begin: 102, end: 102, value: 1, setting: .duration(3 * second)),
                Expected(kind: .revised, begin: 102, end: 102, value: 2, setting: .count(4)),
            ]),
        Case(
            name: "a clock set back", rule: timed(),
            values: seconds([500, 501, 10, 11, 12, 13, 14, 15], now: 501),
            expected: [
                Expected(
                    kind: .refused(.late), count: 4, begin: 10, end: 13, value: 3, setting: .duration(0)),
                Expected(kind: .turned, begin: 501, end: 14, value: 4),
            ]),
        Case(
            name: "a period learned", rule: { $0.time.every = .auto }, values: seconds(Array(100..<131)),
            expected: [Expected(kind: .learned, begin: 129, end: 129, setting: .duration(second))]),
        Case(
            name: "a state that is not finite",
            values: [(100, 0, nil), (101, 1.7e308, nil)],
            expected: [Expected(kind: .notFinite, begin: 101, end: 101, value: 1.7e308)]),
        Case(
            name: "forgotten", rule: { $0.idleLimit = 10 * second }, values: seconds([100]), end: 120,
            expected: [
                Expected(kind: .forgotten, begin: 100, end: 100, value: 0, setting: .duration(10 * second))
            ]),
    ]

    static func engine(_ change: (inout ForecastPlan.Rule) -> Void = { _ in }) throws -> ForecastEngine {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 3, layerCount: 1, outputSize: 1)
        let plan = try makePlan(
            RecurrentWeights.random(shape, seed: 3), maximumSkew: .max, match: "plant.*")
        var rules = plan.rules
        change(&rules[0])
        return ForecastEngine(
            plan: ForecastPlan(models: plan.models, rules: rules, streamsLimit: 2, batchLimit: 16), seed: 1)
    }

    static func time(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * second) }

    @Test(arguments: refusals + timeLines) func isNoted(_ example: Case) throws {
        var engine = try Self.engine(example.rule)
        if example.name == "no room" {
            for stream in ["plant.first", "plant.second"] {
                #expect(engine.accept(stream, 1, seconds: 99) == nil)
            }
        }
        for (time, value, now) in example.values {
            _ = engine.accept(example.stream, value, seconds: time, now: now)
            _ = engine.takeForecasts(at: Self.time(now ?? time))
            while engine.passTime(to: Self.time(now ?? time)) {
                _ = engine.takeForecasts(at: Self.time(now ?? time))
            }
        }
        if let end = example.end {
            while engine.passTime(to: Self.time(end)) { _ = engine.takeForecasts(at: Self.time(end)) }
        }
        let decisions = engine.decisions(of: example.stream.utf8.span.bytes)
        let found = decisions.map {
            Expected(
                kind: $0.kind, count: $0.count, begin: $0.begin.nanoseconds / Self.second,
                end: $0.end.nanoseconds / Self.second, value: $0.value.isNaN ? nil : $0.value,
                setting: $0.setting)
        }
        #expect(found == example.expected)
        let neighbour = engine.decisions(of: "plant.b".utf8.span.bytes)
        #expect(neighbour.isEmpty)
    }

    /// A stream that gets the slot of another has nothing to do with what was decided for that.
    @Test func aSlotsNextStreamHasNoneOfThem() throws {
        var engine = try Self.engine { ($0.idleLimit, $0.values.rejected) = (10 * Self.second, [7]) }
        for time in [100, 107] as [Int64] {
            _ = engine.accept("plant.a", Double(time % 10), seconds: time)
            _ = engine.takeForecasts(at: Self.time(time))
        }
        let slot = engine.slot(of: "plant.a".utf8.span.bytes)
        _ = engine.passTime(to: Self.time(200))
        _ = engine.accept("plant.b", 1, seconds: 200)
        let (next, gone) = (
            engine.slot(of: "plant.b".utf8.span.bytes), engine.slot(of: "plant.a".utf8.span.bytes)
        )
        #expect(slot == next && gone == nil)
        let (kinds, others) = (
            engine.decisions(of: "plant.a".utf8.span.bytes).map(\.kind),
            engine.decisions(of: "plant.b".utf8.span.bytes)
        )
        #expect(kinds == [.refused(.rejected), .forgotten] && others.isEmpty)
    }

    /// Long after the last value.
    static let reloadTime = time(5000)

    /// The new engine knows what the old one decided, and what became of each stream.
    @Test(arguments: ModelChange.allCases) func aReloadIsNoted(_ wish: ModelChange) throws {
        var old = try Self.engine { $0.values.rejected = [7] }
        for time in [100, 107] as [Int64] {
            _ = old.accept("plant.a", Double(time % 10), seconds: time)
            _ = old.takeForecasts(at: Self.time(time))
        }
        var next = try Self.engine { ($0.values.rejected, $0.onModelChange) = ([8], wish) }
        let succession = Succession(from: old.plan, to: next.plan)
        _ = next.takeOver(&old, by: succession, at: Self.reloadTime)
        let decisions = next.decisions(of: "plant.a".utf8.span.bytes)
        let change: StreamChange = wish == .keep ? .kept : wish == .rewarm ? .rewarmed : .reset
        #expect(decisions.map(\.kind) == [.refused(.rejected), .reloaded(change, .values)])
        #expect(decisions.last?.end == Self.time(100) && decisions.last?.last == Self.reloadTime)
    }

    @Test func aReloadThatChangesNothingIsNone() throws {
        var old = try Self.engine()
        _ = old.accept("plant.a", 1, seconds: 100)
        _ = old.takeForecasts(at: Self.time(100))
        var next = try Self.engine()
        _ = next.takeOver(&old, by: Succession(from: old.plan, to: next.plan), at: Self.reloadTime)
        let decisions = next.decisions(of: "plant.a".utf8.span.bytes)
        #expect(decisions.isEmpty)
    }
}
