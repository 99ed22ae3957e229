// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import Testing

/// One of the steps that this machine can run.
struct StepVariant: CustomTestStringConvertible {
    var instructionSet: InstructionSet
    var precision: Precision

    var testDescription: String { "\(instructionSet) \(precision)" }

    static let float32 = InstructionSet.available.map { StepVariant(instructionSet: $0, precision: .float32) }
    /// The step in bf16, where there is one.
    static let bf16 = Precision.available.filter { $0 == .bf16 }.map {
        StepVariant(instructionSet: .avx512, precision: $0)
    }
    static let all = float32 + bf16
}

/// Streams of one model with their step, for tests.
struct Streams: ~Copyable {
    let shape: RecurrentShape
    var step: RecurrentStep
    var state: StateTable

    init(_ weights: RecurrentWeights, _ variant: StepVariant, count: Int) {
        let model = PackedModel(weights, precision: variant.precision, for: variant.instructionSet)
        shape = weights.shape
        step = RecurrentStep(model: model, maximumBatch: count)
        state = StateTable(rowCount: count, model: model)
    }

    mutating func advance(_ rows: [UInt32], _ inputs: [Float]) -> (outputs: [Float], isFinite: Bool) {
        var outputs = [Float](repeating: 0, count: rows.count * shape.outputSize)
        var span = outputs.mutableSpan
        let isFinite = step.advance(&state, rows: rows.span, inputs: inputs.span, outputs: &span)
        return (outputs, isFinite)
    }

    func isFinite(row: Int) -> Bool { state.isFinite(row: row) }

    func bits(ofRow row: Int) -> [UInt32] { state.withRow(row) { $0.map(\.bitPattern) } }
}
