// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import Testing

/// Which values are taken for missing, as tables.
struct ValuePolicyTests {
    /// Observations of one stream by time in milliseconds, and what is said to each: `.` taken, `j` rejected,
    /// `o` out of range, `r` rate, `s` stuck, `l` late, `d` duplicate, `a` ahead.
    struct Table: Sendable, CustomTestStringConvertible {
        var name: String
        var values = ValuePolicy()
        var time = TimePolicy()
        var isTimedByArrival = false
        var observations: [(ms: Int64, value: Double)]
        var said: String
        var testDescription: String { name }
    }

    static func policy(_ change: (inout ValuePolicy) -> Void) -> ValuePolicy {
        var policy = ValuePolicy()
        change(&policy)
        return policy
    }

    static func seconds(_ values: Double...) -> [(Int64, Double)] {
        values.enumerated().map { (Int64($0 * 1000), $1) }
    }

    static let setBack: [(Int64, Double)] = (0..<5).map { (Int64($0 * 1000), 900) }

    static let tables = [
        Table(
            name: "sentinels", values: policy { $0.rejected = [-9999, 65535, -999.9] },
            observations: seconds(1, -9999, 65535, 65534, -999.9, Double(Float(-999.9)), -999.8),
            said: ".jj.jj."),
        Table(
            name: "a range", values: policy { ($0.minimum, $0.maximum) = (-40, 120) },
            observations: seconds(-40, -40.001, 120, 120.001, .greatestFiniteMagnitude), said: ".o.oo"),
        Table(
            name: "a range open at its end", values: policy { $0.minimum = 0 },
            observations: seconds(-1, 0, 1e300), said: "o.."),
        Table(
            name: "a sentinel outside of the range is rejected",
            values: policy { ($0.rejected, $0.minimum) = ([-9999], 0) }, observations: seconds(5, -9999, -1),
            said: ".jo"),
        Table(
            name: "a bad value has no time",
            values: policy { ($0.rejected, $0.maximum) = ([0], 9) },
            observations: [(5000, 1), (3000, 0), (99_000_000, 10), (5000, 1), (6000, 1)], said: ".jod."),
        Table(
            name: "a bad value is no sign of a clock set back", values: policy { $0.rejected = [0] },
            observations: [(90_000, 1)] + (0..<9).map { (Int64($0 * 1000), 0) } + [(91_000, 1)],
            said: ".jjjjjjjjj."),
        Table(
            name: "stuck for a number of values", values: policy { $0.stuck = .observations(3) },
            observations: seconds(7, 7, 7, 7, 7, 8, 7, 7, 7, 7), said: "...ss....s"),
        Table(
            name: "stuck for a duration", values: policy { $0.stuck = .duration(2_000_000_000) },
            observations: [(0, 7), (1000, 7), (2000, 7), (2001, 7), (9000, 7), (9001, 8), (11_001, 8)],
            said: "...ss.."),
        Table(
            name: "what is bad or a duplicate does not end a stuck value",
            values: policy { ($0.stuck, $0.maximum, $0.rate) = (.observations(2), 50, 10) },
            observations: [(0, 7), (0, 7), (1000, 99), (1100, 40), (1200, 7), (1300, 7), (1400, 8)],
            said: ".dor.s."),
        Table(
            name: "the rate of change", values: policy { $0.rate = 5 },
            observations: [(0, 10), (1000, 15), (2000, 20.5), (2500, 7), (2600, 18), (2700, 17.4)],
            said: "..rr.r"),
        Table(
            name: "a spike", values: policy { $0.rate = 5 },
            observations: seconds(10, 11, 90, 90, 12, 13), said: "..rr.."),
        Table(
            name: "a new level is believed in the end", values: policy { $0.rate = 5 },
            observations: seconds(10, 30, 30, 30, 30, 30, 31), said: ".rrr..."),
        Table(
            name: "values of the same time may be up to a second apart", values: policy { $0.rate = 5 },
            observations: [(0, 10), (0, 14), (0, 20), (1, 20)], said: "..rr"),
        Table(
            name: "values timed by arrival, too", values: policy { $0.rate = 5 }, isTimedByArrival: true,
            observations: [(0, 10), (1, 14), (2, 20), (3, 17), (2003, 27), (4003, 38)], said: "..r..r"),
        Table(
            name: "huge differences", values: policy { $0.rate = 5 },
            observations: seconds(-1.7e308, 1.7e308, 0), said: ".rr"),
        Table(
            name: "a clock set back makes a new beginning",
            values: policy { ($0.rate, $0.stuck) = (5, .observations(2)) },
            observations: [(90_000, 1)] + setBack + [(5000, 900), (6000, 900), (7000, 901)],
            said: ".llll..s."),
        Table(
            name: "late within lateness, by the distance in time",
            values: policy { ($0.rate, $0.stuck) = (5, .observations(2)) },
            time: TimePolicyTests.second { $0.lateness = 5_000_000_000 },
            observations: [
                (0, 10), (4000, 20), (1000, 36), (1000, 34), (4100, 20), (4200, 20), (4300, 20.5),
            ],
            said: "..r..s."),
        Table(
            name: "before its time is looked at", values: policy { $0.rejected = [0] },
            time: TimePolicyTests.second { $0.lateness = 500_000_000 },
            observations: [(100, 1), (1600, 0), (100, 1), (90_000_000, 0), (2600, 2), (100, 0), (100, 2)],
            said: ".jdj.jl"),
    ]

    static let marks: [Refusal: Character] = [
        .rejected: "j", .outOfRange: "o", .rate: "r", .stuck: "s", .late: "l", .duplicate: "d", .ahead: "a",
    ]

    static func engine(_ values: ValuePolicy, _ time: TimePolicy) throws -> ForecastEngine {
        let plain = try makePlan(.random(ForecastEngineTests.recursive, seed: 3))
        var rule = plain.rules[0]
        (rule.values, rule.time) = (values, time)
        return ForecastEngine(
            plan: ForecastPlan(models: plain.models, rules: [rule], streamsLimit: 3, batchLimit: 4), seed: 1)
    }

    @Test(arguments: tables) func badValuesAreRefused(_ table: Table) throws {
        var engine = try Self.engine(table.values, table.time)
        var said = ""
        var counts: [Refusal: UInt64] = [:]
        for (ms, value) in table.observations {
            let observation = Observation(
                time: Timestamp(nanoseconds: ms * 1_000_000), value: value,
                isTimedByArrival: table.isTimedByArrival)
            let now = Timestamp(nanoseconds: 100_000_000_000)
            let isKnown = engine.streamCount > 0
            let refusal = engine.accept(observation, of: "a".utf8.span.bytes, at: now)
            said.append(refusal.flatMap { Self.marks[$0] } ?? ".")
            if let refusal, isKnown { counts[refusal, default: 0] += 1 }
            _ = engine.takeForecasts(at: now)
        }
        #expect(said == table.said)
        for reason in Refusal.allCases {
            #expect(engine.refusals(of: 0, for: reason) == counts[reason] ?? 0, "\(reason)")
        }
    }

    /// On a grid a tick whose values are all bad is filled; the stream goes stale as if nothing came.
    @Test func badValuesAreMissing() throws {
        var time = TimePolicyTests.second { $0.fill = .linear }
        time.limit = 2_000_000_000
        var engine = try Self.engine(Self.policy { $0.maximum = 100 }, time)
        var ticks: [String] = []
        func take(_ engine: inout ForecastEngine, at now: Timestamp) -> [String] {
            engine.takeForecasts(at: now).map(TimePolicyTests.text)
        }
        for (second, value) in [10, 20, 999, 999, 50, 60, 999, 999, 999, 999.0].enumerated() {
            _ = engine.accept("a", value, seconds: Int64(second))
            let now = Timestamp(nanoseconds: Int64(second) * 1_000_000_000)
            ticks += take(&engine, at: now)
            while engine.passTime(to: now) { ticks += take(&engine, at: now) }
        }
        #expect(
            ticks.joined(separator: " ")
                == "0:10 1000:20 2000:30i 3000:40ig1 4000:50g2 5000:60 6000:60i 7000:60ig1")
        #expect(engine.refusals(of: 0, for: .outOfRange) == 6 && engine.refusals(of: 0, for: .late) == 0)
        let now = Timestamp(nanoseconds: 10_000_000_000)
        while engine.passTime(to: now) { ticks += take(&engine, at: now) }
        #expect(ticks.last == "8000:60ig2S")
    }

    @Test func aStreamBeginsWithItsFirstGoodValue() throws {
        var engine = try Self.engine(Self.policy { $0.rejected = [-1] }, TimePolicy())
        #expect(engine.accept("a", -1, seconds: 1) == .rejected)
        #expect(engine.streamCount == 0)
        #expect(engine.accept("b", 1, seconds: 1) == nil && engine.accept("a", 1, seconds: 0) == nil)
        #expect(
            engine.accept("a", -1, seconds: 2) == .rejected && engine.accept("b", 1, seconds: 1) == .duplicate
        )
        #expect(engine.refusals(of: 0, for: .duplicate) == 1 && engine.refusals(of: 0, for: .rejected) == 0)
        #expect(engine.refusals(of: 1, for: .duplicate) == 0 && engine.refusals(of: 1, for: .rejected) == 1)
    }
}
