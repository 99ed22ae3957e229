// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension RecurrentWeights {
    /// Weights drawn evenly from ±1/sqrt(hiddenSize), as PyTorch begins.
    static func random(_ shape: RecurrentShape, using generator: inout SeededGenerator) -> RecurrentWeights {
        let bound = 1 / Float(shape.hiddenSize).squareRoot()
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -bound...bound, using: &generator) }
        }
        let rows = 4 * shape.hiddenSize
        return RecurrentWeights(
            shape: shape,
            layers: (0..<shape.layerCount).map { layer in
                Layer(
                    input: draw(rows * shape.inputSize(ofLayer: layer)),
                    recurrent: draw(rows * shape.hiddenSize), bias: draw(rows))
            }, readout: draw(shape.outputSize * shape.hiddenSize), readoutBias: draw(shape.outputSize))
    }

    /// The same with every weight of the layers changed, which is handed over with the number of its row.
    func mapLayers(_ change: (_ row: Int, _ weight: Float) -> Float) -> RecurrentWeights {
        func changed(_ matrix: [Float]) -> [Float] {
            let columns = matrix.count / (4 * shape.hiddenSize)
            return matrix.enumerated().map { change($0.offset / columns, $0.element) }
        }
        return RecurrentWeights(
            shape: shape,
            layers: layers.map {
                Layer(input: changed($0.input), recurrent: changed($0.recurrent), bias: $0.bias)
            }, readout: readout, readoutBias: readoutBias)
    }
}
