// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting

/// What a simulated daemon does, for which streams.
struct DaemonScene {
    /// Plans that it may follow, one after the other by reloads.
    let plans: [PipelinePlan]
    let streams: [String]
    let questions: QuestionBox

    /// Rules that learn, on a grid and by events; the other plan keeps, re-warms and resets streams, and leaves the rest alone.
    init() throws {
        let scene = try StateSimulationTests.scene("learning")
        var plan = scene.plan
        plan.producersLimit = SimulatedProducers.keys.count
        streams = scene.streams
        questions = QuestionBox(doorbell: try Doorbell())
        plans = [plan, try Self.other(plan)].map { PipelinePlan($0, labels: []) }
    }

    private static func other(_ plan: ForecastPlan) throws -> ForecastPlan {
        var rules = plan.rules
        rules[0].warmup += 1
        rules[1].adaptation?.levels = [0.7]
        rules[1].onModelChange = .keep
        rules[2].model = 0
        var first = rules[1]
        first.match = try Glob("r1.3")
        first.onModelChange = .reset
        first.horizon -= 1
        first.adaptation = nil
        var other = ForecastPlan(
            models: plan.models, rules: [first] + rules, streamsLimit: plan.streamsLimit,
            batchLimit: plan.batchLimit)
        other.producersLimit = plan.producersLimit
        return other
    }

    /// Lets an engine take over from one that follows another plan.
    func reload(_ engine: inout ForecastEngine, to number: Int) {
        var next = ForecastEngine(plan: plans[number].forecasts, seed: 3)
        let succession = Succession(from: engine.plan, to: plans[number].forecasts)
        _ = next.takeOver(&engine, by: succession, at: Timestamp(nanoseconds: 0))
        engine = next
    }

    /// Lets an engine of another plan begin with the state that this one has, as a start does.
    func restart(_ engine: inout ForecastEngine, under number: Int) {
        var next = ForecastEngine(plan: plans[number].forecasts, seed: 4)
        var reader = StateSimulationTests.reader(StateSimulationTests.chunks(of: &engine))
        do { _ = try next.restore(from: &reader) } catch { fatalError("\(error)") }
        engine = next
    }
}
