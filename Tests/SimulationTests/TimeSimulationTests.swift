// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// Nasty streams through the engine, held tick by tick against a slow bookkeeper.
struct TimeSimulationTests {
    static let second: Int64 = 1_000_000_000
    static let skew = 60 * second
    static let streamsPerRule = 3

    /// A rule for every way to treat time.
    static let policies: [TimePolicy] = {
        func policy(_ every: TimePolicy.Every, _ change: (inout TimePolicy) -> Void = { _ in }) -> TimePolicy
        {
            var policy = TimePolicy()
            policy.every = every
            policy.windowLength = 70
            change(&policy)
            return policy
        }
        return [
            policy(.event), policy(.period(second)),
            policy(.period(second)) {
                ($0.aggregate, $0.lateness, $0.fill, $0.limit) = (.mean, 2_500_000_000, .linear, 5 * second)
            },
            policy(.period(second / 2)) {
                ($0.aggregate, $0.lateness, $0.fill, $0.renewal) = (.min, 300_000_000, .seasonal, .rewarm)
                ($0.season, $0.windowLength) = (12, 20)
            },
            policy(.period(2 * second)) {
                ($0.aggregate, $0.fill, $0.limit, $0.renewal) = (.max, .forecast, 8 * second, .rewarm)
                $0.windowLength = 64
            },
            policy(.period(second)) { ($0.aggregate, $0.fill, $0.limit) = (.sum, .skip, 6 * second) },
            policy(.auto) { ($0.lateness, $0.fill) = (3 * second, .linear) },
            policy(.period(second / 4)) { $0.limit = 0 },
            policy(.event) { $0.lateness = 2_500_000_000 },
            policy(.event) { $0.lateness = 100 * second },
            policy(.period(second)) { ($0.aggregate, $0.lateness) = (.mean, 2 * second) },
            policy(.event), policy(.auto) { $0.lateness = 2 * second },
            policy(.event) { $0.windowLength = 5 },
            policy(.period(second)) {
                ($0.reviseLimit, $0.aggregate, $0.limit) = (5, .mean, 3 * second)
            },
            policy(.period(second / 2)) {
                ($0.reviseLimit, $0.lateness, $0.fill, $0.renewal) = (20, 300_000_000, .linear, .rewarm)
            },
            policy(.period(second)) {
                ($0.reviseLimit, $0.aggregate, $0.fill, $0.limit) = (64, .sum, .skip, 6 * second)
            },
            policy(.auto) { ($0.reviseLimit, $0.fill, $0.season) = (8, .seasonal, 7) },
        ]
    }()

    /// What the rules of some of them take for missing.
    static let badValues: [Int: ValuePolicy] = {
        func policy(_ change: (inout ValuePolicy) -> Void) -> ValuePolicy {
            var policy = ValuePolicy()
            change(&policy)
            return policy
        }
        return [
            9: policy { ($0.rejected, $0.minimum, $0.maximum) = ([0, 12.5], -60, 61) },
            10: policy { ($0.rate, $0.stuck) = (60, .observations(2)) },
            11: policy { ($0.rate, $0.stuck) = (40, .duration(second / 2)) },
            12: policy { ($0.minimum, $0.rate) = (-55, 100) },
        ]
    }()

    /// A scale whose deviation forecasts tell.
    static func scaling(_ policy: TimePolicy) -> Scaling {
        policy.fill == .forecast ? .rolling(halfLife: 50) : .window
    }

    static func plan() throws -> ForecastPlan {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: 1)
        let weights = RecurrentWeights(
            shape: shape,
            layers: [
                RecurrentWeights.Layer(
                    input: [0.3, -0.2, 0.5, 0.1, -0.4, 0.6, 0.2, -0.1],
                    recurrent: (0..<16).map { Float($0 % 5) * 0.1 - 0.2 },
                    bias: [0.1, 0, -0.1, 0.2, 0, 0.1, 0, 0.1])
            ], readout: [0.7, -0.3], readoutBias: [0.1])
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .value)
            ],
            rules: try policies.enumerated().map {
                ForecastPlan.Rule(
                    match: try Glob("r\($0).*"), model: 0, scaling: scaling($1), horizon: 2,
                    warmup: 8, maximumSkew: skew, time: $1, values: badValues[$0] ?? ValuePolicy())
            }, streamsLimit: 100, batchLimit: 16)
    }

    /// What a stream published at one tick.
    struct Published: Equatable {
        var head: Forecast
        var next: Double
    }

    /// An engine, its streams' reference lines, and what both gave.
    struct Run: ~Copyable {
        var engine: ForecastEngine
        let names: [String]
        let lines: [SlowTimeLine]
        var published: [[Published]]
        /// What was refused of each stream since it is known, by `Refusal.rawValue`.
        var expectedCounts: [[UInt64]]
        private let streams: [String: Int]
        private(set) var slots: [UInt32?]
        var generator = SeededGenerator(seed: 5)
        var refusals: [String: Int] = [:]
        var expectedRefusals: [String: Int] = [:]

        init() throws {
            engine = ForecastEngine(plan: try TimeSimulationTests.plan(), seed: 1)
            names = TimeSimulationTests.policies.indices.flatMap { rule in
                (0..<streamsPerRule).map { "r\(rule).\($0)" }
            }
            lines = names.indices.map {
                let rule = $0 / streamsPerRule
                return SlowTimeLine(policies[rule], values: badValues[rule] ?? ValuePolicy(), skew: skew)
            }
            published = names.map { _ in [] }
            expectedCounts = names.map { _ in Refusal.allCases.map { _ in 0 } }
            streams = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
            slots = names.map { _ in nil }
        }

        mutating func accept(_ observation: Observation, stream: Int, now: Timestamp) {
            if engine.isFull { forecast(at: now) }
            var observation = observation
            if let policy = badValues[stream / streamsPerRule], policy.stuck != nil {
                // So coarse that values often stay the same.
                observation.value = (observation.value / 25).rounded() * 25
            }
            let refusal = engine.accept(observation, of: names[stream].utf8.span.bytes, at: now)
            refusals[refusal?.label ?? "accepted", default: 0] += 1
            let isKnown = lines[stream].hasBegun
            let expected = lines[stream].accept(observation, at: now.nanoseconds)
            if isKnown, let expected { expectedCounts[stream][Int(expected.rawValue)] += 1 }
            expectedRefusals[expected?.label ?? "accepted", default: 0] += 1
        }

        mutating func forecast(at now: Timestamp) {
            while engine.advance(at: now) {
                for index in 0..<engine.forecastCount {
                    var head = engine.forecast(at: index)
                    let name = engine.identifier(of: head.slot).withUnsafeBytes {
                        String(decoding: $0, as: UTF8.self)
                    }
                    let stream = streams[name]!
                    slots[stream] = head.slot
                    head.age = 0  // depends on when the turn ends
                    head.slot = 0  // depends on which stream came first
                    published[stream].append(Published(head: head, next: engine.yhat(at: index)[0]))
                }
            }
        }

        /// Holds a stream's window against the reference.
        func expectSameWindow(_ stream: Int) {
            guard let slot = slots[stream] else { return }
            let (ticks, expected) = (engine.windowTicks(of: slot), lines[stream].window)
            let isSame = zip(ticks, expected).allSatisfy { got, want in
                // What a forecast stood in for the reference does not know.
                if case (.imputed, .imputed(let value)) = (got, want), value.isNaN {
                    true
                } else {
                    got == want
                }
            }
            #expect(isSame && ticks.count == expected.count, "\(names[stream]): \(ticks), not \(expected)")
            let values = lines[stream].observed.sorted()
            let statistics = engine.windowStatistics(of: slot)
            #expect(statistics?.count ?? 0 == values.count)
            #expect(statistics?.minimum == values.first && statistics?.maximum == values.last)
            // The middle of the straight line between the two in the middle, as the quantile is computed.
            let high = values.isEmpty ? nil : values[values.count / 2]
            let median = high.map { $0 - ($0 - values[(values.count - 1) / 2]) * 0.5 }
            #expect(engine.windowQuantile(0.5, of: slot) == median)
        }

        mutating func passTime(to now: Timestamp) {
            while engine.passTime(to: now) { forecast(at: now) }
            for line in lines { line.passTime(to: now.nanoseconds) }
            if let deadline = engine.nextDeadline { #expect(deadline > now) }
        }
    }

    static func run(_ seed: UInt64, events: Int) throws -> Run {
        var run = try Run()
        var streams = NastyStreams(streamCount: run.names.count, seed: seed)
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<events {
            switch streams.next() {
            case .observation(let stream, let observation, let time):
                now = time
                run.accept(observation, stream: stream, now: time)
            case .endOfTurn(let time, let passesTime):
                now = time
                run.forecast(at: time)
                if passesTime {
                    run.expectSameWindow(Int.random(in: run.names.indices, using: &run.generator))
                }
                if passesTime { run.passTime(to: time) }
            }
        }
        run.forecast(at: now)
        return run
    }

    /// Whether a stream published just the ticks that it had to.
    static func firstDifference(_ published: [Published], _ expected: [SlowTimeLine.Tick], knowsScale: Bool)
        -> String?
    {
        if published.count != expected.count { return "\(published.count) ticks, not \(expected.count)" }
        var forecast = Double.nan
        for (index, (got, want)) in zip(published, expected).enumerated() {
            let head = got.head
            let value = want.value.isNaN ? (forecast.isNaN ? want.fallback : forecast) : want.value
            let isSame =
                head.time.nanoseconds == want.time && head.value == value && head.period == want.period
                && head.isRevised == want.isRevised && head.isImputed == want.isImputed
                && head.gap == want.gap && head.isReset == want.isReset
                && (head.status == .stale) == want.isStale && (head.status == .reset) == want.isStateReset
                && head.sequence == UInt64(index + 1) && got.next.isNaN == want.isStale
                && (want.isStale || !knowsScale || isClose(head.resolution, to: want.scale))
            if !isSame { return "tick \(index): \(got), not \(want) with \(value)" }
            if !want.isStale { forecast = got.next }
        }
        return nil
    }

    /// Whether a resolution belongs to a scale.
    static func isClose(_ resolution: Double, to scale: (mean: Double, deviation: Double)) -> Bool {
        let expected = 1e-4 * max(scale.deviation, 1e-6 * abs(scale.mean), 1e-9)
        return abs(resolution - expected) <= 1e-12 * expected
    }

    /// Events by seed: one seed makes a million ticks by itself, the others a million and more together.
    static let events: [(UInt64, Int)] = (1...16).map { ($0, 100_000) } + [(17, 1_700_000)]

    @Test(arguments: events)
    func everyTickIsTheRightOne(seed: UInt64, events: Int) throws {
        let run = try Self.run(seed, events: events)
        #expect(run.refusals == run.expectedRefusals, "seed \(seed)")
        #expect(
            Set(run.refusals.keys) == [
                "accepted", "late", "duplicate", "ahead", "rejected", "out_of_range", "rate", "stuck",
            ])
        for (stream, name) in run.names.enumerated() {
            let policy = Self.policies[stream / Self.streamsPerRule]
            let difference = Self.firstDifference(
                run.published[stream], run.lines[stream].made, knowsScale: Self.scaling(policy) == .window)
            #expect(difference == nil, "seed \(seed), \(name)")
            let slot = try #require(run.slots[stream])
            let counts = Refusal.allCases.map { run.engine.refusals(of: slot, for: $0) }
            #expect(counts == run.expectedCounts[stream], "seed \(seed), \(name)")
        }
        let heads = run.published.joined().map(\.head)
        let counts = run.engine.timeCounts
        #expect(
            counts.imputed == UInt64(heads.count { $0.isImputed && $0.status != .stale && !$0.isRevised }))
        #expect(counts.revised == UInt64(heads.count(where: \.isRevised)) && counts.revised > 1000)
        #expect(counts.stale == UInt64(heads.count { $0.status == .stale }))
        #expect(counts.learned == 9 && counts.turned > 0 && counts.renewed > 0)
        let wanted = seed == 17 ? 1_000_000 : 62_500
        #expect(heads.count > wanted, "seed \(seed): \(heads.count) ticks")
    }

    @Test func theSameSeedGivesTheSameTicks() throws {
        let first = try Self.run(7, events: 10_000)
        let second = try Self.run(7, events: 10_000)
        for stream in first.names.indices {
            let isSame = zip(first.published[stream], second.published[stream]).allSatisfy {
                $0.head == $1.head && $0.next.bitPattern == $1.next.bitPattern
            }
            #expect(isSame && first.published[stream].count == second.published[stream].count)
            #expect(!first.published[stream].isEmpty)
        }
    }
}
