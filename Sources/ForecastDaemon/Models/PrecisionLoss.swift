// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Training

/// How far a reduced precision leads from float32 on one model, in the units of its outputs.
///
/// Both run side by side from zero state over the same input, seeded standard normal, each carrying its own
/// state.
struct PrecisionLoss: Sendable, Encodable, Equatable {
    /// The steps compared.
    var steps: Int
    /// The largest difference of an output.
    var largest: Double
    /// The root mean square of the differences.
    var rootMeanSquare: Double
    /// The root mean square of the outputs in float32, to compare with.
    var outputRootMeanSquare: Double

    enum CodingKeys: String, CodingKey {
        case steps, largest
        case rootMeanSquare = "rms"
        case outputRootMeanSquare = "output_rms"
    }

    /// Compares `precision` with float32; nil where one of them gives something that is not finite.
    ///
    /// - Precondition: This machine can run `precision`.
    init?(of precision: Precision, weights: RecurrentWeights, steps: Int = 1000) {
        var exact = SingleStream(PackedModel(weights))
        var rounded = SingleStream(PackedModel(weights, precision: precision))
        var random = SplitMix64(seed: 20_261_125)
        var input = [Float](repeating: 0, count: weights.shape.inputSize)
        var (worst, squares, outputSquares) = (0.0, 0.0, 0.0)
        for _ in 0..<steps {
            for index in input.indices { input[index] = Float(random.normal()) }
            guard let outputs = exact.advance(input), let others = rounded.advance(input) else { return nil }
            for (output, other) in zip(outputs, others) {
                let difference = Double(other) - Double(output)
                worst = max(worst, abs(difference))
                squares += difference * difference
                outputSquares += Double(output) * Double(output)
            }
        }
        let count = Double(steps * weights.shape.outputSize)
        self.steps = steps
        largest = worst
        rootMeanSquare = (squares / count).squareRoot()
        outputRootMeanSquare = (outputSquares / count).squareRoot()
    }
}

extension PrecisionLoss: CustomStringConvertible {
    var description: String {
        func digits(_ number: Double) -> String { String(format: "%.1e", number) }
        return
            "largest error \(digits(largest)), RMS \(digits(rootMeanSquare)), where outputs have an RMS of "
            + "\(digits(outputRootMeanSquare)) (scaled units, \(steps) steps of random input)"
    }
}

/// One stream of a model, stepped alone.
private struct SingleStream: ~Copyable {
    private var state: StateTable
    private var step: RecurrentStep
    private let outputSize: Int

    init(_ model: PackedModel) {
        state = StateTable(rowCount: 1, model: model)
        step = RecurrentStep(model: model, maximumBatch: 1)
        outputSize = model.shape.outputSize
    }

    /// Takes the stream one tick further; returns its outputs, or nil where something is not finite.
    mutating func advance(_ input: [Float]) -> [Float]? {
        let rows: [UInt32] = [0]
        var outputs = [Float](repeating: 0, count: outputSize)
        var span = outputs.mutableSpan
        return step.advance(&state, rows: rows.span, inputs: input.span, outputs: &span) ? outputs : nil
    }
}
