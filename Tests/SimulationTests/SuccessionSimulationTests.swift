// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// Engines that take over from others which follow another plan.
struct SuccessionSimulationTests {
    static let second: Int64 = 1_000_000_000

    /// Lets an engine of another plan take over.
    static func change(
        _ run: inout StateSimulationTests.Run, to plan: ForecastPlan, seed: UInt64 = 7
    ) -> [StreamChange: Int] {
        let succession = Succession(from: run.engine.plan, to: plan)
        var next = ForecastEngine(plan: plan, seed: seed)
        let changes = next.takeOver(&run.engine, by: succession, at: Timestamp(nanoseconds: 0))
        run.engine = next
        return changes
    }

    /// The plan with rules before and after its own; tables that all rules share become longer, or shorter.
    static func surrounded(_ plan: ForecastPlan, isLonger: Bool) throws -> ForecastPlan {
        var first = plan.rules[0]
        first.match = try Glob("new.*")
        first.inputs = nil
        first.adaptation = nil
        first.anomalies = nil
        if isLonger {
            first.time = TimePolicy()
            first.time.every = .period(second)
            first.time.lateness = 200 * second
            first.time.windowLength = 500
        }
        // With a rule less, streams change their slots.
        let rules =
            isLonger
            ? plan.rules
            : plan.rules.dropLast().filter { $0.time.reviseLimit < 64 && $0.time.lateness < 4 * second }
        return ForecastPlan(
            models: plan.models, rules: [first] + rules, streamsLimit: plan.streamsLimit,
            batchLimit: plan.batchLimit + 3, traceLength: plan.traceLength)
    }

    @Test(arguments: ["time", "learning"], 1...4 as ClosedRange<UInt64>)
    func streamsWhoseRuleIsAsItWasGoOnBitForBit(name: String, seed: UInt64) throws {
        let scene = try StateSimulationTests.scene(name)
        var run = StateSimulationTests.Run(scene.plan, streams: scene.streams, seed: 1)
        var other = StateSimulationTests.Run(scene.plan, streams: scene.streams, seed: 2)
        var senders = NastyStreams(streamCount: scene.streams.count, seed: seed, largest: 1e300)
        var removed: Set<String> = []
        for round in 0..<4 {
            for _ in 0..<2500 {
                let event = senders.next()
                run.take(event)
                other.take(event)
            }
            var event = senders.next()
            while true {
                run.take(event)
                other.take(event)
                if case .endOfTurn = event { break }
                event = senders.next()
            }
            let plan = try Self.surrounded(scene.plan, isLonger: round % 2 == 0)
            for stream in scene.streams where plan.rule(of: stream.utf8.span.bytes) == nil {
                removed.insert(stream)
            }
            let changes = Self.change(&other, to: plan)
            #expect(changes[.unchanged, default: 0] >= 8 && changes[.kept] == nil, "\(changes)")
            #expect(changes[.rewarmed] == nil && changes[.reset] == nil, "\(changes)")
        }
        for stream in scene.streams where !removed.contains(stream) {
            func of(_ all: [String]) -> [String] { all.filter { $0.hasPrefix("\(stream) ") } }
            let (want, got) = (of(run.published), of(other.published))
            #expect(want == got && want.count > 20, "\(stream), seed \(seed)")
        }
    }

    // MARK: A model that is another

    static func model(
        _ mode: ForecastPlan.Model.Mode, hiddenSize: Int = 3, revision: String = "1"
    ) -> ForecastPlan.Model {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: hiddenSize, layerCount: 2, outputSize: 2)
        return ForecastPlan.Model(
            name: "m", revision: revision, packed: PackedModel(StateSimulationTests.weights(shape)),
            mode: mode,
            target: .value)
    }

    static func plan(
        _ model: ForecastPlan.Model, match: String = "s*",
        _ change: (inout ForecastPlan.Rule) -> Void = { _ in }
    ) throws -> ForecastPlan {
        var rule = ForecastPlan.Rule(
            match: try Glob(match), model: 0, scaling: .fixed(mean: 1, deviation: 2), horizon: 2, warmup: 4,
            maximumSkew: 60 * second)
        rule.time.windowLength = 16
        change(&rule)
        return ForecastPlan(models: [model], rules: [rule], streamsLimit: 8, batchLimit: 4)
    }

    static func feed(_ run: inout StateSimulationTests.Run, _ ticks: Range<Int>) {
        for tick in ticks {
            let now = Timestamp(nanoseconds: Int64(tick) * second + 1_700_000_000 * second)
            for stream in run.streams.indices {
                let value = Double((tick * 7 + stream * 3) % 11) * 0.5 - 1
                run.take(.observation(stream: stream, Observation(time: now, value: value), now: now))
            }
            run.take(.endOfTurn(now: now, passesTime: true))
        }
    }

    /// What forecasts say of values to come, without numbers that tell how old the stream is.
    static func values(_ published: [String]) -> [Substring] {
        published.map { $0[$0.firstRange(of: " [")!.lowerBound...] }
    }

    @Test(
        arguments: [
            .stateful, .window(length: 9), .window(length: 16),
        ] as [ForecastPlan.Model.Mode], [.stateful, .window(length: 9)] as [ForecastPlan.Model.Mode])
    func aModelThatIsWarmedAnewHasRunOverTheWindow(
        before: ForecastPlan.Model.Mode, after: ForecastPlan.Model.Mode
    ) throws {
        let streams = ["s1", "s2", "s3"]
        var run = StateSimulationTests.Run(try Self.plan(Self.model(before)), streams: streams, seed: 1)
        Self.feed(&run, 0..<50)
        let new = try Self.plan(Self.model(after, hiddenSize: 5, revision: "2"))
        #expect(Self.change(&run, to: new) == [.rewarmed: 3])
        run.published = []
        Self.feed(&run, 50..<60)
        var fresh = StateSimulationTests.Run(new, streams: streams, seed: 3)
        Self.feed(&fresh, 34..<50)
        fresh.published = []
        Self.feed(&fresh, 50..<60)
        #expect(Self.values(run.published) == Self.values(fresh.published) && run.published.count == 30)
        #expect(run.published[0].contains(" ok 51 "), "\(run.published[0])")
    }

    @Test func aScaleThatFollowsTheStreamIsTakenFromItsWindow() throws {
        let streams = ["s1", "s2"]
        let wasFixed = try Self.plan(Self.model(.stateful))
        for scaling in [Scaling.window, .rolling(halfLife: 1e9)] {
            var run = StateSimulationTests.Run(wasFixed, streams: streams, seed: 1)
            Self.feed(&run, 0..<50)
            #expect(
                Self.change(&run, to: try Self.plan(Self.model(.stateful)) { $0.scaling = scaling }) == [
                    .rewarmed: 2
                ])
            let values = (34..<50).map { Double(($0 * 7) % 11) * 0.5 - 1 }
            let mean = values.reduce(0, +) / 16
            let scale = run.engine.slot(of: "s1".utf8.span.bytes).flatMap { run.engine.summary(of: $0).scale }
            #expect(abs((scale?.mean ?? .nan) - mean) < 1e-9, "\(scaling)")
        }
    }

    @Test func aStateThatIsKeptGoesOn() throws {
        let streams = ["s1", "s2"]
        func plan(_ revision: String, horizon: Int) throws -> ForecastPlan {
            try Self.plan(Self.model(.stateful, revision: revision)) {
                ($0.onModelChange, $0.horizon, $0.anomalies) = (.keep, horizon, AnomalyPolicy())
            }
        }
        var run = StateSimulationTests.Run(try plan("1", horizon: 2), streams: streams, seed: 1)
        var other = StateSimulationTests.Run(try plan("1", horizon: 2), streams: streams, seed: 2)
        for round in 0..<3 {
            Self.feed(&run, round * 20..<(round + 1) * 20)
            Self.feed(&other, round * 20..<(round + 1) * 20)
            // The weights are the same, so that the state that was kept gives the same forecasts.
            #expect(Self.change(&other, to: try plan("\(round + 2)", horizon: 2)) == [.kept: 2])
        }
        #expect(run.published == other.published && run.published.count == 120)
    }

    @Test func whatBeginsAnewCountsOn() throws {
        let streams = ["s1", "t1"]
        let model = Self.model(.stateful)
        var run = StateSimulationTests.Run(try Self.plan(model, match: "*"), streams: streams, seed: 1)
        Self.feed(&run, 0..<10)
        // t1 has no rule any more, then has one again; s1 begins anew twice, the first time without a value between.
        for (horizon, match, changes) in [
            (1, "s*", [.reset: 1, .removed: 1]), (2, "s*", [:]), (1, "*", [.reset: 1]),
        ] as [(Int, String, [StreamChange: Int])] {
            let plan = try Self.plan(model, match: match) {
                ($0.horizon, $0.onModelChange) = (horizon, .reset)
            }
            #expect(Self.change(&run, to: plan) == changes)
            if match == "s*" && horizon == 2 { Self.feed(&run, 10..<12) }
        }
        #expect(run.engine.streamCount == 0)
        run.published = []
        Self.feed(&run, 12..<13)
        #expect(run.published.count == 2)
        #expect(run.published[0].hasPrefix("s1 ") && run.published[0].contains(" warming 13 "))
        #expect(run.published[1].hasPrefix("t1 ") && run.published[1].contains(" warming 11 "))
    }

    struct Outcome: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let change: StreamChange
        let reason: String?
        let new: @Sendable (inout ForecastPlan.Rule) -> Void

        init(
            _ name: String, _ change: StreamChange, _ reason: String? = nil,
            _ new: @escaping @Sendable (inout ForecastPlan.Rule) -> Void
        ) {
            (testDescription, self.change, self.reason, self.new) = (name, change, reason, new)
        }
    }

    static let outcomes = [
        Outcome("nothing", .unchanged) { _ in },
        Outcome("what says nothing of the state", .unchanged) {
            ($0.warmup, $0.maximumSkew, $0.onModelChange) = (9, 1, .reset)
        },
        Outcome("another pattern with the same settings", .unchanged) { $0.match = .everything },
        Outcome("horizon", .rewarmed) { $0.horizon = 1 },
        Outcome("horizon, to be kept", .kept) { ($0.horizon, $0.onModelChange) = (1, .keep) },
        Outcome("horizon, to begin anew", .reset) { ($0.horizon, $0.onModelChange) = (1, .reset) },
        Outcome("values", .rewarmed) { $0.values.minimum = 3 },
        Outcome("window", .reset, "ticks are made in another way, or the window has another length") {
            ($0.time.windowLength, $0.onModelChange) = (17, .keep)
        },
        Outcome("period", .reset, "ticks are made in another way, or the window has another length") {
            $0.time.every = .period(second)
        },
    ]

    @Test(arguments: outcomes) func aStreamGoesOnAsFarAsItsRuleIsAsItWas(outcome: Outcome) throws {
        let succession = Succession(
            from: try Self.plan(Self.model(.stateful)), to: try Self.plan(Self.model(.stateful), outcome.new))
        #expect(succession.change(from: 0, to: 0) == outcome.change)
        #expect(succession.reason(from: 0, to: 0) == outcome.reason)
        #expect(succession.change(from: 0, to: nil) == .removed)
    }

    @Test func aStateOfAnotherShapeIsWarmedAnew() throws {
        let old = try Self.plan(Self.model(.stateful))
        let new = try Self.plan(Self.model(.stateful, hiddenSize: 4)) { $0.onModelChange = .keep }
        let succession = Succession(from: old, to: new)
        #expect(succession.change(from: 0, to: 0) == .rewarmed)
        #expect(succession.reason(from: 0, to: 0) == "the model has another shape, mode or precision")
        let bare = try Self.plan(Self.model(.stateful)) { $0.time.windowLength = 0 }
        let rolling = try Self.plan(Self.model(.stateful)) {
            ($0.time.windowLength, $0.scaling) = (0, .rolling(halfLife: 5))
        }
        let without = Succession(from: bare, to: rolling)
        #expect(without.change(from: 0, to: 0) == .reset)
        #expect(without.reason(from: 0, to: 0) == "there is no window that a scale could be taken from")
    }

    @Test func whatAllStreamsOfARuleHaveLearnedTogetherGoesOn() throws {
        let scene = try StateSimulationTests.scene("learning")
        var run = StateSimulationTests.Run(scene.plan, streams: scene.streams, seed: 1)
        var senders = NastyStreams(streamCount: scene.streams.count, seed: 3)
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<4000 {
            let event = senders.next()
            if case .observation(_, _, let time) = event { now = time }
            run.take(event)
        }
        run.forecast(at: now)
        let before = scene.plan.rules.indices.map { run.engine.pooledScore(ofRule: $0) }
        _ = Self.change(&run, to: try Self.surrounded(scene.plan, isLonger: true))
        let after = scene.plan.rules.indices.map { run.engine.pooledScore(ofRule: $0 + 1) }
        #expect(before == after && before[0] != nil && before[2] == nil)
    }
}
