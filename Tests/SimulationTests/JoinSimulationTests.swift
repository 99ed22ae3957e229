// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import RecurrentKernels
import Testing

/// Nasty streams joined into vectors, held input by input against a slow bookkeeper.
struct JoinSimulationTests {
    static let second: Int64 = 1_000_000_000
    static let skew = 60 * second
    static let groups = ["a", "b"]

    static let policies: [TimePolicy] = {
        func policy(_ period: Int64, _ change: (inout TimePolicy) -> Void) -> TimePolicy {
            var policy = TimePolicy()
            (policy.every, policy.wait) = (.period(period), period)
            change(&policy)
            return policy
        }
        return [
            policy(second) { _ in },
            policy(second) {
                ($0.lateness, $0.wait, $0.aggregate, $0.fill) = (1_500_000_000, 2 * second, .mean, .linear)
            },
            policy(2 * second) { ($0.wait, $0.fill, $0.limit) = (0, .skip, 8 * second) },
            policy(second / 2) {
                ($0.lateness, $0.wait, $0.aggregate) = (300_000_000, 5 * second, .max)
                ($0.fill, $0.season, $0.windowLength) = (.seasonal, 7, 7)
            },
        ]
    }()

    static func members(rule: Int, group: String) -> [SlowJoin.Member] {
        [
            SlowJoin.Member(stream: "r\(rule).\(group).h", fill: .hold, aggregate: .sum),
            SlowJoin.Member(stream: "r\(rule).\(group).p", fill: .mean, aggregate: policies[rule].aggregate),
            SlowJoin.Member(stream: "shared.w", fill: .hold, aggregate: .min),
        ]
    }

    /// Each output depends on one input alone, so that what went into the model can be read off the forecast.
    static func mirror(inputs: Int) -> RecurrentWeights {
        let rows = 4 * inputs
        var input = [Float](repeating: 0, count: rows * inputs)
        for unit in 0..<inputs { input[(2 * inputs + unit) * inputs + unit] = 0.01 }
        var readout = [Float](repeating: 0, count: inputs * inputs)
        for unit in 0..<inputs { readout[unit * inputs + unit] = 1 }
        return RecurrentWeights(
            shape: RecurrentShape(inputSize: inputs, hiddenSize: inputs, layerCount: 1, outputSize: inputs),
            layers: [
                RecurrentWeights.Layer(
                    input: input, recurrent: [Float](repeating: 0, count: rows * inputs),
                    bias: [Float](repeating: 0, count: rows))
            ], readout: readout, readoutBias: [Float](repeating: 0, count: inputs))
    }

    /// What the mirror makes of an input.
    static func mirrored(_ input: Double) -> Double { 0.5 * tanh(0.5 * tanh(0.01 * input)) }

    static func plan() throws -> ForecastPlan {
        func model(_ inputs: Int) -> ForecastPlan.Model {
            ForecastPlan.Model(
                name: "m", revision: "r", packed: PackedModel(mirror(inputs: inputs)),
                mode: .window(length: 1), target: .value)
        }
        var rules: [ForecastPlan.Rule] = []
        for (index, policy) in policies.enumerated() {
            let match = try Glob("r\(index).*.t")
            var inputs: [InputList.Input] = []
            for member in members(rule: index, group: "$1") {
                let template = try IdentifierTemplate(member.stream, of: match)
                let source = InputList.Source.member(
                    template, fill: member.fill, aggregate: member.aggregate)
                inputs.append(InputList.Input(name: member.stream, source: source, scaling: .none))
            }
            inputs.insert(InputList.Input(name: "t", source: .target, scaling: .none), at: 1)
            rules.append(
                ForecastPlan.Rule(
                    match: match, model: 0, scaling: .none, horizon: 4, warmup: 0, maximumSkew: skew,
                    time: policy, inputs: InputList(inputs)))
        }
        rules.append(
            ForecastPlan.Rule(
                match: try Glob("shared.*"), model: 1, scaling: .none, horizon: 1, warmup: 0,
                maximumSkew: skew))
        return ForecastPlan(models: [model(4), model(1)], rules: rules, streamsLimit: 100, batchLimit: 8)
    }

    struct Published {
        var head: Forecast
        var yhat: [Double]
    }

    struct Run: ~Copyable {
        var engine: ForecastEngine
        let names: [String]
        var joins: [String: SlowJoin] = [:]
        /// Targets in the order in which they came.
        var order: [String] = []
        let shared = SlowTimeLine(TimePolicy(), skew: skew)
        var known: [String: Observation] = [:]
        var published: [String: [Published]] = [:]
        var wrongRefusals = 0
        var refusals: [String: Int] = [:]

        init() throws {
            engine = ForecastEngine(plan: try JoinSimulationTests.plan(), seed: 1)
            names =
                policies.indices.flatMap { rule in
                    groups.flatMap { group in ["t", "h", "p"].map { "r\(rule).\(group).\($0)" } }
                } + ["shared.w"]
        }

        mutating func accept(_ observation: Observation, stream: Int, now: Timestamp) {
            if engine.isFull { forecast(at: now) }
            let name = names[stream]
            let refusal = engine.accept(observation, of: name.utf8.span.bytes, at: now)
            let expected = expectedRefusal(observation, name, now: now.nanoseconds)
            refusals[expected?.label ?? "accepted", default: 0] += 1
            if refusal != expected { wrongRefusals += 1 }
        }

        private mutating func expectedRefusal(
            _ observation: Observation, _ name: String, now: Int64
        ) -> Refusal? {
            if name.hasSuffix(".t") {
                let parts = name.split(separator: ".")
                let rule = Int(parts[0].dropFirst())!
                if let join = joins[name] { return join.line.accept(observation, at: now) }
                if observation.time.nanoseconds > now + skew { return .ahead }
                let join = SlowJoin(
                    policies[rule], skew: skew,
                    members: JoinSimulationTests.members(rule: rule, group: String(parts[1])))
                joins[name] = join
                order.append(name)
                join.begin(observation, known, at: now)
                return join.line.accept(observation, at: now)
            }
            var answers: [Refusal?] = []
            if name == "shared.w" {
                let isFirst = shared.newest == nil
                answers.append(shared.accept(observation, at: now))
                if isFirst && answers[0] != nil && order.isEmpty { return answers[0] }
            }
            known[name] = observation
            for target in order where joins[target]!.members.contains(where: { $0.stream == name }) {
                answers.append(joins[target]!.accept(observation, from: name, at: now))
            }
            return answers.contains { $0 == nil } ? nil : answers.first ?? nil
        }

        mutating func forecast(at now: Timestamp) {
            while engine.advance(at: now) {
                for index in 0..<engine.forecastCount {
                    let head = engine.forecast(at: index)
                    let name = engine.identifier(of: head.slot).withUnsafeBytes {
                        String(decoding: $0, as: UTF8.self)
                    }
                    let forecast = Published(head: head, yhat: Self.values(engine, index))
                    published[name, default: []].append(forecast)
                }
            }
        }

        private static func values(_ engine: borrowing ForecastEngine, _ index: Int) -> [Double] {
            let values = engine.yhat(at: index)
            return values.indices.map { values[$0] }
        }

        mutating func passTime(to now: Timestamp) {
            while engine.passTime(to: now) { forecast(at: now) }
            for join in joins.values { join.line.passTime(to: now.nanoseconds) }
            if let deadline = engine.nextDeadline { #expect(deadline > now) }
        }
    }

    static func run(_ seed: UInt64, events: Int) throws -> Run {
        var run = try Run()
        // The model gets values as they are, in single precision.
        var streams = NastyStreams(streamCount: run.names.count, seed: seed, largest: 1e30)
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<events {
            switch streams.next() {
            case .observation(let stream, let observation, let time):
                now = time
                run.accept(observation, stream: stream, now: time)
            case .endOfTurn(let time, let passesTime):
                now = time
                run.forecast(at: time)
                if passesTime { run.passTime(to: time) }
            }
        }
        run.forecast(at: now)
        return run
    }

    /// What is wrong with a target's forecasts, if anything is.
    static func firstDifference(_ published: [Published], _ join: SlowJoin) -> String? {
        let expected = join.line.made
        if published.count != expected.count { return "\(published.count) ticks, not \(expected.count)" }
        var vectors = join.made.makeIterator()
        for (index, (got, want)) in zip(published, expected).enumerated() {
            let isSame =
                got.head.time.nanoseconds == want.time && got.head.value == want.value
                && got.head.isImputed == want.isImputed && got.head.gap == want.gap
                && got.head.isReset == want.isReset && (got.head.status == .stale) == want.isStale
            if !isSame { return "tick \(index): \(got), not \(want)" }
            if want.isStale { continue }
            guard let vector = vectors.next() else { return "tick \(index): no vector" }
            var inputs = vector.values.map { $0.isNaN ? 0 : $0 }
            inputs.insert(want.value, at: 1)
            let isRead = zip(got.yhat, inputs).allSatisfy { abs($0 - mirrored($1)) < 1e-5 }
            if !isRead || got.head.missingInputs != vector.missing {
                return
                    "tick \(index): \(got), not \(inputs.map(mirrored)) of \(inputs), \(vector.missing) missing"
            }
        }
        return nil
    }

    @Test(arguments: 1...16 as ClosedRange<UInt64>) func everyVectorIsTheRightOne(seed: UInt64) throws {
        let run = try Self.run(seed, events: 100_000)
        #expect(run.wrongRefusals == 0, "seed \(seed): \(run.refusals)")
        #expect(Set(run.refusals.keys) == ["accepted", "late", "duplicate", "ahead"])
        #expect(run.joins.count == 8)
        for (name, join) in run.joins {
            let difference = Self.firstDifference(run.published[name] ?? [], join)
            #expect(difference == nil, "seed \(seed), \(name)")
        }
        let heads = run.joins.keys.flatMap { run.published[$0] ?? [] }.map(\.head)
        #expect(heads.count > 10_000, "\(heads.count) ticks")
        #expect(Set(heads.compactMap(\.missingInputs)) == [0, 1, 2, 3])
        #expect(run.published["shared.w"]?.count == run.shared.made.count)
    }

    @Test func theSameSeedGivesTheSameVectors() throws {
        let first = try Self.run(7, events: 10_000)
        let second = try Self.run(7, events: 10_000)
        for name in first.names {
            let (one, other) = (first.published[name] ?? [], second.published[name] ?? [])
            #expect(one.map(\.head) == other.map(\.head))
            #expect(one.flatMap(\.yhat).map(\.bitPattern) == other.flatMap(\.yhat).map(\.bitPattern))
        }
    }
}
