// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting

/// What a simulated daemon does, for which streams.
struct DaemonScene {
    let plan: ForecastPlan
    let streams: [String]
    let pipelinePlan: PipelinePlan
    let questions: QuestionBox
    let successions: SuccessionBox

    /// Rules that learn, on a grid and by events.
    init() throws {
        let scene = try StateSimulationTests.scene("learning")
        var plan = scene.plan
        plan.producersLimit = SimulatedProducers.keys.count
        (self.plan, streams) = (plan, scene.streams)
        questions = QuestionBox(doorbell: try Doorbell())
        successions = SuccessionBox(doorbell: try Doorbell())
        pipelinePlan = PipelinePlan(plan, labels: [])
    }
}
