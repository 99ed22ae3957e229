// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import RecurrentKernels

/// A vector of a member, the target, and two inputs of the calendar, forecast the slow way in double precision.
struct SlowVectorForecaster {
    let weights: RecurrentWeights
    let mode: ForecastPlan.Model.Mode
    let target: ForecastPlan.Model.Target
    let scaling: Scaling
    private var history: [[Double]] = []

    init(
        weights: RecurrentWeights, mode: ForecastPlan.Model.Mode, target: ForecastPlan.Model.Target,
        scaling: Scaling
    ) {
        (self.weights, self.mode, self.target, self.scaling) = (weights, mode, target, scaling)
    }

    /// The forecasts after one more vector.
    mutating func forecast(_ hum: Double, _ temp: Double, _ sine: Double, _ cosine: Double) -> [Double] {
        history.append([hum, temp, sine, cosine])
        var state = SlowState(weights.shape)
        var outputs: [Double] = []
        let newest = history.count - 1
        switch mode {
        case .stateful:
            for tick in 0...newest { outputs = state.step(weights, inputs: scaled(history[tick], at: tick)) }
        case .window(let length):
            for vector in history.suffix(length) {
                outputs = state.step(weights, inputs: scaled(vector, at: newest))
            }
        }
        let scale = scale(1, at: newest)
        return outputs.map { (target == .value ? scale.mean : temp) + scale.deviation * $0 }
    }

    private func scaled(_ vector: [Double], at tick: Int) -> [Double] {
        let streams = (0..<2).map { input in
            let scale = scale(input, at: tick)
            return (vector[input] - scale.mean) / scale.deviation
        }
        return streams + [vector[2], (vector[3] - 0.5) / 2]
    }

    private func scale(_ input: Int, at tick: Int) -> (mean: Double, deviation: Double) {
        switch scaling {
        case .none, .window: return (0, 1)  // windows do not go together with several inputs
        case .fixed(let mean, let deviation): return (mean, deviation)
        case .rolling(let halfLife):
            let values = history[...tick].map { $0[input] }
            let (mean, variance) = rollingMoments(values[...], halfLife: halfLife)
            return (mean, max(variance.squareRoot(), 1e-6 * abs(mean), 1e-9))
        }
    }
}

extension RecurrentWeights {
    /// Two inputs, each of which one output alone depends on, so that what went in can be read off what comes out.
    static let mirror: RecurrentWeights = {
        var input = [Float](repeating: 0, count: 16)
        (input[8], input[11]) = (0.01, 0.01)  // the rows of g: one input each
        return RecurrentWeights(
            shape: RecurrentShape(inputSize: 2, hiddenSize: 2, layerCount: 1, outputSize: 2),
            layers: [
                Layer(
                    input: input, recurrent: [Float](repeating: 0, count: 16),
                    bias: [Float](repeating: 0, count: 8))
            ], readout: [1, 0, 0, 1], readoutBias: [0, 0])
    }()

    /// The whole number that went into the mirror.
    static func unmirrored(_ output: Double) -> Int {
        Int((100 * atanh(2 * atanh(2 * output))).rounded())
    }
}
