// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import RecurrentKernels
import TestSupport

/// One stream forecast the slow, obvious way: in double precision, from the whole history, one at a time.
struct SlowForecaster {
    let weights: RecurrentWeights
    let mode: ForecastPlan.Model.Mode
    let target: ForecastPlan.Model.Target
    let scaling: Scaling
    let horizon: Int
    let windowLength: Int
    private(set) var history: [Double] = []

    init(
        weights: RecurrentWeights, mode: ForecastPlan.Model.Mode, target: ForecastPlan.Model.Target,
        scaling: Scaling, horizon: Int, windowLength: Int = 12
    ) {
        self.weights = weights
        self.mode = mode
        self.target = target
        self.scaling = scaling
        self.horizon = horizon
        self.windowLength = windowLength
    }

    /// The forecasts after one more value.
    mutating func forecast(after value: Double) -> [Double] {
        history.append(value)
        let scales = history.indices.map { scale(upTo: $0) }
        let newest = scales.last!
        var state = SlowState(weights.shape)
        var outputs: [Double] = []
        switch mode {
        case .stateful:
            for (value, scale) in zip(history, scales) {
                outputs = state.step(weights, input: scale.apply(value))
            }
        case .window(let length):
            for value in history.suffix(length) { outputs = state.step(weights, input: newest.apply(value)) }
        }
        var forecasts: [Double] = []
        var origin = target == .value ? newest.mean : value
        var input = newest.apply(value)
        for step in 0..<horizon {
            if outputs.count > 1 {
                forecasts.append(origin + newest.deviation * outputs[step])
                continue
            }
            forecasts.append(origin + newest.deviation * outputs[0])
            if target == .difference {
                origin = forecasts[step]
                input += outputs[0]
            } else {
                input = outputs[0]
            }
            outputs = state.step(weights, input: input)
        }
        return forecasts
    }

    private func scale(upTo newest: Int) -> (mean: Double, deviation: Double, apply: (Double) -> Double) {
        switch scaling {
        case .none: return (0, 1, { $0 })
        case .fixed(let mean, let deviation): return (mean, deviation, { ($0 - mean) / deviation })
        case .rolling, .window:
            let values = history[...newest]
            let (mean, variance) =
                if case .rolling(let halfLife) = scaling { rollingMoments(values, halfLife: halfLife) } else {
                    rollingMoments(values.suffix(windowLength), halfLife: 1e12)
                }
            let deviation = max(variance.squareRoot(), 1e-6 * abs(mean), 1e-9)
            return (mean, deviation, { min(max(($0 - mean) / deviation, -8), 8) })
        }
    }
}

/// Mean and variance of `values` under the explicit weights that the recursion of `RollingStatistics` gives
/// each of them.
func rollingMoments(_ values: ArraySlice<Double>, halfLife: Double) -> (mean: Double, variance: Double) {
    let least = 1 - pow(2, -1 / halfLife)
    var weights: [Double] = []
    for count in 1...values.count {
        let newest = max(least, 1 / Double(count))
        weights = weights.map { $0 * (1 - newest) } + [newest]
    }
    let mean = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = zip(weights, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
    return (mean, variance)
}

/// nn.LSTM + nn.Linear as the formulas in PyTorch's documentation stand.
struct SlowState {
    var h: [[Double]]
    var c: [[Double]]

    init(_ shape: RecurrentShape) {
        h = Array(repeating: Array(repeating: 0, count: shape.hiddenSize), count: shape.layerCount)
        c = h
    }

    mutating func step(_ weights: RecurrentWeights, input: Double) -> [Double] {
        step(weights, inputs: [input])
    }

    mutating func step(_ weights: RecurrentWeights, inputs: [Double]) -> [Double] {
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        let size = weights.shape.hiddenSize
        var x = inputs
        for (index, layer) in weights.layers.enumerated() {
            var gates = layer.bias.map(Double.init)
            for row in gates.indices {
                for k in x.indices { gates[row] += Double(layer.input[row * x.count + k]) * x[k] }
                for k in 0..<size { gates[row] += Double(layer.recurrent[row * size + k]) * h[index][k] }
            }
            for unit in 0..<size {
                let (i, f) = (sigmoid(gates[unit]), sigmoid(gates[size + unit]))
                let (g, o) = (tanh(gates[2 * size + unit]), sigmoid(gates[3 * size + unit]))
                c[index][unit] = f * c[index][unit] + i * g
                h[index][unit] = o * tanh(c[index][unit])
            }
            x = h[index]
        }
        return weights.readoutBias.indices.map { output in
            (0..<size).reduce(Double(weights.readoutBias[output])) {
                $0 + Double(weights.readout[output * size + $1]) * x[$1]
            }
        }
    }
}

extension RecurrentWeights {
    /// Weights drawn evenly from ±1/sqrt(hiddenSize), as PyTorch begins.
    static func random(_ shape: RecurrentShape, seed: UInt64) -> RecurrentWeights {
        var generator = SeededGenerator(seed: seed)
        let bound = 1 / Float(shape.hiddenSize).squareRoot()
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -bound...bound, using: &generator) }
        }
        let rows = 4 * shape.hiddenSize
        let layers = (0..<shape.layerCount).map { layer in
            Layer(
                input: draw(rows * shape.inputSize(ofLayer: layer)),
                recurrent: draw(rows * shape.hiddenSize), bias: draw(rows))
        }
        return RecurrentWeights(
            shape: shape, layers: layers, readout: draw(shape.outputSize * shape.hiddenSize),
            readoutBias: draw(shape.outputSize))
    }
}
