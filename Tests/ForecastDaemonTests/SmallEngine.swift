// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels

/// An engine with a model of weights 0 for all streams that begin with `plant.`.
final class SmallEngine {
    var engine: ForecastEngine

    init(
        time: TimePolicy = TimePolicy(), scaling: Scaling = .rolling(halfLife: 10), warmup: Int = 3,
        traceLength: Int = 0, streamsLimit: Int = 2000, idle: Int64? = nil
    ) throws {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: 1)
        func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
        let weights = RecurrentWeights(
            shape: shape,
            layers: [RecurrentWeights.Layer(input: zeros(8), recurrent: zeros(16), bias: zeros(8))],
            readout: zeros(2), readoutBias: zeros(1))
        engine = ForecastEngine(
            plan: ForecastPlan(
                models: [
                    ForecastPlan.Model(
                        name: "pump", revision: "r", packed: PackedModel(weights), mode: .stateful,
                        target: .value)
                ],
                rules: [
                    ForecastPlan.Rule(
                        match: try Glob("plant.*"), model: 0, scaling: scaling, horizon: 1, warmup: warmup,
                        maximumSkew: .max, time: time, idleLimit: idle)
                ], streamsLimit: streamsLimit, batchLimit: 16, traceLength: traceLength), seed: 1)
    }

    /// Takes a value in at `seconds`, and makes all forecasts.
    func take(_ stream: String, _ value: Double, at seconds: Double) {
        let now = Timestamp(nanoseconds: Int64(seconds * 1e9))
        _ = engine.accept(Observation(time: now, value: value), of: stream.utf8.span.bytes, at: now)
        while engine.advance(at: now) {}
    }

    /// Lets time pass without values.
    func pass(to seconds: Double) {
        let now = Timestamp(nanoseconds: Int64(seconds * 1e9))
        while engine.passTime(to: now) {
            while engine.advance(at: now) {}
        }
    }

    func summary(_ stream: String) -> StreamSummary? {
        engine.slot(of: stream.utf8.span.bytes).map { engine.summary(of: $0) }
    }
}
