// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// nn.LSTM followed by nn.Linear, one stream and one number at a time, as the formulas stand.
///
/// Slow and obvious: what `RecurrentStep` is held against, with `Scalar` = `Double` as the truth.
///
///     i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b)
///     c = f c + i g,  h = o tanh(c),  y = V h + d
public struct ReferenceStep<Scalar: BinaryFloatingPoint> {
    private let weights: RecurrentWeights
    /// Hidden state, `[layerCount][hiddenSize]`.
    public private(set) var hidden: [[Scalar]]
    /// Cell state, `[layerCount][hiddenSize]`.
    public private(set) var cell: [[Scalar]]

    /// Begins with zero state.
    public init(_ weights: RecurrentWeights) {
        self.weights = weights
        let zero = [Scalar](repeating: 0, count: weights.shape.hiddenSize)
        hidden = Array(repeating: zero, count: weights.shape.layerCount)
        cell = hidden
    }

    /// Takes the stream one tick further and gives the readout.
    ///
    /// - Precondition: `input` has `inputSize` values.
    public mutating func advance(_ input: [Scalar]) -> [Scalar] {
        precondition(input.count == weights.shape.inputSize, "input: [inputSize]")
        let size = weights.shape.hiddenSize
        var x = input
        for (index, layer) in weights.layers.enumerated() {
            var gates = layer.bias.map { Scalar($0) }
            for row in gates.indices {
                for k in x.indices { gates[row] += Scalar(layer.input[row * x.count + k]) * x[k] }
                for k in 0..<size { gates[row] += Scalar(layer.recurrent[row * size + k]) * hidden[index][k] }
            }
            for unit in 0..<size {
                let (i, f) = (Self.sigmoid(gates[unit]), Self.sigmoid(gates[size + unit]))
                let (g, o) = (Self.tanh(gates[2 * size + unit]), Self.sigmoid(gates[3 * size + unit]))
                cell[index][unit] = f * cell[index][unit] + i * g
                hidden[index][unit] = o * Self.tanh(cell[index][unit])
            }
            x = hidden[index]
        }
        return (0..<weights.shape.outputSize).map { output in
            (0..<size).reduce(Scalar(weights.readoutBias[output])) {
                $0 + Scalar(weights.readout[output * size + $1]) * x[$1]
            }
        }
    }

    private static func sigmoid(_ x: Scalar) -> Scalar { Scalar(1 / (1 + exp(-Double(x)))) }

    private static func tanh(_ x: Scalar) -> Scalar { Scalar(Glibc.tanh(Double(x))) }
}
