// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import TestSupport

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
