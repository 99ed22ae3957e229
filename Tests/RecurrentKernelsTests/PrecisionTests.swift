// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import TestSupport
import Testing

/// The step in bf16 against float64; no cases where the machine cannot run it.
struct PrecisionTests {
    /// Twice the largest error measured, on outputs that PyTorch's initial weights give.
    @Test(arguments: StepVariant.bf16, GoldenTests.names)
    func thousandStepsStayNearPyTorch(variant: StepVariant, name: String) throws {
        let golden = try GoldenTests.Golden(name)
        var streams = Streams(golden.weights, variant, count: 1)
        var worst = 0.0
        for (input, expected) in zip(golden.input, golden.stateful) {
            let (outputs, isFinite) = streams.advance([0], input)
            #expect(isFinite)
            worst = max(worst, GoldenTests.difference(outputs.map(Double.init), expected))
        }
        #expect(golden.stateful.count == 1000 && worst <= 2e-3)
    }

    /// Where nothing needs rounding, what is left is the rounding of float32: sums are not kept in bf16, and
    /// every pair meets its weights.
    @Test(arguments: StepVariant.bf16, RecurrentStepTests.shapes)
    func exactNumbersStayExact(variant: StepVariant, shape: RecurrentShape) {
        var generator = SeededGenerator(seed: 11)
        // The packed weights are these times a constant, which must come out with at most 8 bits.
        let weights = RecurrentWeights.random(shape, using: &generator).mapLayers { row, weight in
            let scale: Float =
                row / shape.hiddenSize == 2 ? -2.885_390_081_777_926_8 : -1.442_695_040_888_963_4
            return (scale * weight * 64).rounded() / 64 / scale
        }
        var reference = ReferenceStep<Double>(weights)
        var streams = Streams(weights, variant, count: 1)
        let input = (0..<shape.inputSize).map { _ in Float(Int.random(in: -100...100, using: &generator)) / 64
        }
        let expected = reference.advance(input.map(Double.init))
        let (outputs, _) = streams.advance([0], input)
        if shape.layerCount == 1 {
            #expect(GoldenTests.difference(outputs.map(Double.init), expected) <= 1e-6)
        }
        let hidden = streams.state.withRow(0) { $0.prefix(shape.hiddenSize).map(Double.init) }
        #expect(GoldenTests.difference(hidden, reference.hidden[0]) <= 1e-6)
    }

    @Test(arguments: StepVariant.bf16, RecurrentStepTests.shapes)
    func weightsTakeHalfTheMemory(variant: StepVariant, shape: RecurrentShape) {
        var generator = SeededGenerator(seed: 1)
        let weights = RecurrentWeights.random(shape, using: &generator)
        let full = PackedModel(weights, for: variant.instructionSet)
        let reduced = PackedModel(weights, precision: .bf16, for: variant.instructionSet)
        #expect(full.precision == .float32 && reduced.precision == .bf16)
        #expect(full.stateStride == reduced.stateStride)
        #expect(reduced.byteCount < full.byteCount || shape.hiddenSize == 1)
    }

    @Test func float32RunsEverywhere() {
        #expect(Precision.available.first == .float32)
        #expect(Precision(rawValue: "bf16") == .bf16)
    }
}
