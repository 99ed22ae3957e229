// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import Testing

/// Streams that are inputs of others, and their places.
struct MembersTests {
    /// A stream that is in several vectors, has a rule of its own, and is known before the first target comes.
    @Test func aMemberMayServeManyAndHaveItsOwnRule() throws {
        let match = try Glob("p.*.t")
        let weather = InputList.Source.member(
            try IdentifierTemplate("weather", of: match), fill: .hold, aggregate: .last)
        var plan = try InputsTests.plan(
            .mirror, mode: .window(length: 1), time: InputsTests.grid(wait: 0), batchLimit: 2)
        var rule = plan.rules[0]
        rule.inputs = InputList([
            InputList.Input(name: "w", source: weather, scaling: .none),
            InputList.Input(name: "t", source: .target, scaling: .none),
        ])
        let single = ForecastPlan.Model(
            name: "s", revision: "r",
            packed: PackedModel(
                .random(RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: 1), seed: 1)),
            mode: .stateful, target: .value)
        let own = ForecastPlan.Rule(
            match: try Glob("w*"), model: 1, scaling: .none, horizon: 1, warmup: 0, maximumSkew: .max)
        plan = ForecastPlan(
            models: plan.models + [single], rules: [rule, own], streamsLimit: 100, batchLimit: 2)
        var engine = ForecastEngine(plan: plan, seed: 1)
        var published: [PublishedForecast] = []
        func accept(_ stream: String, _ value: Double, _ second: Int64) {
            if engine.isFull { published += engine.takeForecasts(at: Timestamp(nanoseconds: 0)) }
            #expect(engine.accept(stream, value, seconds: second) == nil)
        }
        accept("weather", 10, 0)
        for second in 1...3 as ClosedRange<Int64> {
            for target in 0..<9 { accept("p.\(target).t", Double(target), second) }
            accept("weather", 10 + Double(second), second)
        }
        published += engine.takeForecasts(at: Timestamp(nanoseconds: 0))
        #expect(published.filter { $0.stream == "weather" }.map(\.head.value) == [10, 11, 12, 13])
        for target in 0..<9 {
            let forecasts = published.filter { $0.stream == "p.\(target).t" }
            let inputs = forecasts.map { $0.yhat.prefix(2).map(RecurrentWeights.unmirrored) }
            #expect(inputs == [[11, target], [12, target]], "p.\(target).t")
        }
        #expect(engine.streamCount == 10)
    }

    @Test func placesAreForTheTargetAndItsMembersTogether() throws {
        let plan = try InputsTests.plan(.random(InputsTests.shape, seed: 1), streamsLimit: 3)
        var engine = ForecastEngine(plan: plan, seed: 1)
        #expect(engine.accept("p.1.t", 1, seconds: 1) == nil && engine.streamCount == 2)
        #expect(engine.accept("p.2.t", 1, seconds: 1) == .streamsLimit)
        #expect(engine.accept("p.2.h", 1, seconds: 1) == nil && engine.streamCount == 3)
        #expect(engine.accept("p.1.h", 1, seconds: 1) == nil)
        #expect(engine.accept("q.1.h", 1, seconds: 1) == .unmatched)
        #expect(engine.accept("p.3.h", 1, seconds: 1) == .streamsLimit)
    }

    /// Where another engine forecasts a stream, its copy is but an input.
    @Test func aCopyFollowsNoRuleOfItsOwn() throws {
        let plan = try InputsTests.plan(.mirror, mode: .window(length: 1))
        var engine = ForecastEngine(plan: plan, seed: 1)
        let time = Timestamp(nanoseconds: InputsTests.second)
        let observation = Observation(time: time, value: 5)
        for _ in 0..<2 {
            #expect(engine.accept(observation, of: "p.9.t".utf8.span.bytes, isCopy: true, at: time) == nil)
        }
        #expect(engine.takeForecasts(at: time).isEmpty && engine.streamCount == 1)
        #expect(engine.accept("p.9.t", 6, seconds: 2) == nil)
        #expect(engine.accept("p.9.h", 7, seconds: 2) == nil)
        #expect(engine.takeForecasts(at: time).map(\.head.value) == [6])
    }

    /// A value that makes the arithmetic overflow resets its target, whichever input it is.
    @Test func aMemberThatOverflowsBeginsTheTargetAnew() throws {
        let plan = try InputsTests.plan(.random(InputsTests.shape, seed: 1), scaling: .rolling(halfLife: 5))
        var engine = ForecastEngine(plan: plan, seed: 1)
        for second in 0..<20 as Range<Int64> {
            let hum = second == 10 ? 1.7e308 : Double(second % 7)
            #expect(engine.accept("p.1.h", hum, seconds: second) == nil)
            #expect(engine.accept("p.1.t", Double(second % 5), seconds: second) == nil)
            let published = engine.takeForecasts(at: Timestamp(nanoseconds: 0))
            try #require(published.count == 1)
            #expect((published[0].head.status == .reset) == (second == 10))
            #expect(published[0].yhat.allSatisfy { $0.isFinite } == (second != 10))
        }
        #expect(engine.resetCount == 1)
    }

    /// The calendar and the joining of members reckon with the times that a grid has.
    @Test(arguments: [Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)])
    func timesAtTheEndsAreRefused(time: Timestamp) throws {
        let calendar = InputList.Input(name: "c", source: .sine(.yearday), scaling: .none)
        for more in [[], [calendar]] {
            let shape = RecurrentShape(inputSize: 2 + more.count, hiddenSize: 3, layerCount: 1, outputSize: 1)
            let plan = try InputsTests.plan(.random(shape, seed: 1), more: more, maximumSkew: .max)
            var engine = ForecastEngine(plan: plan, seed: 1)
            let refusal: Refusal = time.nanoseconds < 0 ? .late : .ahead
            func accept(_ stream: String) -> Refusal? {
                engine.accept(Observation(time: time, value: 1), of: stream.utf8.span.bytes, at: time)
            }
            // A member is known before its target, whatever its time.
            #expect(accept("p.1.h") == nil && accept("p.1.t") == refusal)
            #expect(engine.accept("p.1.t", 1, seconds: 0) == nil)
            #expect(accept("p.1.h") == refusal && accept("p.1.t") == refusal)
            #expect(engine.accept("p.1.h", 1, seconds: 0) == nil)
            let published = engine.takeForecasts(at: time)
            #expect(published.map(\.head.missingInputs) == [0])
        }
    }

    /// A member's own rule refuses what its target takes: the stream's account says so.
    @Test func ownRefusalsAreCountedWhereATargetTakesThem() throws {
        var plan = try InputsTests.plan(.mirror, mode: .window(length: 1), time: InputsTests.grid())
        let single = RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: 1)
        var own = ForecastPlan.Rule(
            match: try Glob("p.*.h"), model: 1, scaling: .none, horizon: 1, warmup: 0, maximumSkew: .max)
        own.values.rejected = [-9999]
        plan = ForecastPlan(
            models: plan.models + [
                ForecastPlan.Model(
                    name: "s", revision: "r", packed: PackedModel(.random(single, seed: 1)), mode: .stateful,
                    target: .value)
            ], rules: plan.rules + [own], streamsLimit: 100, batchLimit: 16)
        var engine = ForecastEngine(plan: plan, seed: 1)
        // A bad value of a copy is as if it had not come.
        let bad = Observation(time: Timestamp(nanoseconds: 0), value: -9999)
        #expect(engine.accept(bad, of: "p.1.h".utf8.span.bytes, isCopy: true, at: bad.time) == .rejected)
        #expect(engine.streamCount == 0)
        #expect(engine.accept("p.1.t", 1, seconds: 5) == nil && engine.accept("p.1.h", 1, seconds: 7) == nil)
        #expect(engine.accept("p.1.h", 2, seconds: 6) == nil)
        let slot = engine.slot(of: "p.1.h".utf8.span.bytes)
        let late = slot.map { engine.refusals(of: $0, for: .late) }
        #expect(late == 1)
        #expect(engine.forecastStreamCount == 2 && engine.memberCount == 0)
    }
}
