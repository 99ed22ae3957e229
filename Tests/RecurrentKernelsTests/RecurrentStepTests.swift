// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import TestSupport
import Testing

/// The fast step against the slow reference, on every instruction set that this machine has.
struct RecurrentStepTests {
    static let shapes: [RecurrentShape] = [
        (1, 50, 2, 1), (8, 64, 2, 24), (16, 128, 2, 24), (1, 1, 1, 1), (1, 2, 1, 3), (2, 3, 3, 5),
        (3, 5, 1, 16),
        (1, 7, 2, 4), (5, 15, 1, 17), (1, 16, 1, 33), (40, 17, 4, 100), (1, 24, 2, 24), (7, 31, 1, 8),
        (2, 33, 2, 48),
    ].map { RecurrentShape(inputSize: $0, hiddenSize: $1, layerCount: $2, outputSize: $3) }

    @Test(arguments: StepVariant.float32, shapes)
    func thousandStepsStayWithinAMillionthOfDoublePrecision(
        variant: StepVariant, shape: RecurrentShape
    ) {
        var generator = SeededGenerator(seed: 42)
        let weights = RecurrentWeights.random(shape, using: &generator)
        var reference = ReferenceStep<Double>(weights)
        var streams = Streams(weights, variant, count: 1)
        var worst = 0.0
        let ticks = shape.hiddenSize > 60 ? 200 : 1000
        for _ in 0..<ticks {
            let input = (0..<shape.inputSize).map { _ in Float.random(in: -2...2, using: &generator) }
            let expected = reference.advance(input.map(Double.init))
            let (outputs, isFinite) = streams.advance([0], input)
            #expect(isFinite)
            for (got, want) in zip(outputs, expected) { worst = max(worst, abs(Double(got) - want)) }
        }
        #expect(worst <= 1e-6)
    }

    /// Recovery and replay rest on this: what else is in the batch does not change a bit.
    @Test(arguments: StepVariant.all, shapes)
    func theBatchDoesNotMatter(variant: StepVariant, shape: RecurrentShape) {
        var generator = SeededGenerator(seed: 7)
        let weights = RecurrentWeights.random(shape, using: &generator)
        let count = 29
        var alone = Streams(weights, variant, count: count)
        var together = Streams(weights, variant, count: count)
        for size in Array(1...17) + [23, 29] {
            let rows = Array((0..<UInt32(count)).shuffled(using: &generator).prefix(size))
            let inputs = (0..<size * shape.inputSize).map { _ in Float.random(in: -3...3, using: &generator) }
            let (outputs, _) = together.advance(rows, inputs)
            for (index, row) in rows.enumerated() {
                let input = Array(inputs[index * shape.inputSize..<(index + 1) * shape.inputSize])
                let (single, _) = alone.advance([row], input)
                let part = outputs[index * shape.outputSize..<(index + 1) * shape.outputSize]
                #expect(single.map(\.bitPattern) == part.map(\.bitPattern), "batch of \(size)")
            }
        }
        for row in 0..<count { #expect(alone.bits(ofRow: row) == together.bits(ofRow: row)) }
    }

    @Test(arguments: StepVariant.all)
    func gatesSaturateAndNothingOverflows(variant: StepVariant) {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 18, layerCount: 1, outputSize: 2)
        var generator = SeededGenerator(seed: 3)
        let weights = RecurrentWeights.random(shape, using: &generator)
        for value in [1e30, -1e30, .greatestFiniteMagnitude, 88, -88] as [Float] {
            var reference = ReferenceStep<Double>(weights)
            var streams = Streams(weights, variant, count: 1)
            for input in [value, 0.5, -value, 0.25] {
                let expected = reference.advance([Double(input)])
                let (outputs, isFinite) = streams.advance([0], [input])
                #expect(isFinite)
                let tolerance = variant.precision == .float32 ? 1e-6 : 2e-3
                for (got, want) in zip(outputs, expected) { #expect(abs(Double(got) - want) < tolerance) }
            }
        }
    }

    @Test(arguments: StepVariant.all)
    func saysWhenAStateIsNotFiniteAndLeavesTheOthersAlone(variant: StepVariant) {
        for hiddenSize in [3, 16, 21] {
            let shape = RecurrentShape(inputSize: 1, hiddenSize: hiddenSize, layerCount: 2, outputSize: 1)
            var generator = SeededGenerator(seed: 5)
            let weights = RecurrentWeights.random(shape, using: &generator)
            var streams = Streams(weights, variant, count: 9)
            var calm = Streams(weights, variant, count: 9)
            let rows = Array(0..<9 as Range<UInt32>)
            var inputs = [Float](repeating: 0.5, count: 9)
            _ = calm.advance(rows, inputs)
            inputs[4] = .nan
            let (_, isFinite) = streams.advance(rows, inputs)
            #expect(!isFinite)
            for row in 0..<9 {
                #expect(streams.isFinite(row: row) == (row != 4))
                if row != 4 { #expect(streams.bits(ofRow: row) == calm.bits(ofRow: row)) }
            }
        }
    }

    @Test func rowsAreResetAndCopied() {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 5, layerCount: 2, outputSize: 1)
        var generator = SeededGenerator(seed: 5)
        let model = PackedModel(RecurrentWeights.random(shape, using: &generator))
        var step = RecurrentStep(model: model, maximumBatch: 1)
        var state = StateTable(rowCount: 3, model: model)
        var copy = StateTable(rowCount: 2, model: model)
        let row: [UInt32] = [1]
        let input: [Float] = [0.7]
        var output: [Float] = [0]
        var span = output.mutableSpan
        _ = step.advance(&state, rows: row.span, inputs: input.span, outputs: &span)
        copy.copyRow(0, from: state, row: 1)
        let bits = state.withRow(1) { $0.map(\.bitPattern) }
        #expect(copy.withRow(0) { $0.map(\.bitPattern) } == bits)
        #expect(bits.contains { $0 != 0 })
        state.reset(row: 1)
        for row in 0..<3 { #expect(state.withRow(row) { $0.allSatisfy { $0 == 0 } }) }
        #expect(bits.count == model.stateStride && model.stateStride == 32)
    }
}
