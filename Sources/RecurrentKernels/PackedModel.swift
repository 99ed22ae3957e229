// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// Weights laid out for the step of one instruction set and precision; the layout is drawn in `CRecurrentKernels.h`.
///
/// Nothing changes after initialisation, so that threads may share it.
public final class PackedModel: @unchecked Sendable {
    /// The sizes.
    public let shape: RecurrentShape
    /// The instruction set whose step reads this layout.
    public let instructionSet: InstructionSet
    /// What the layers' weights are rounded to.
    public let precision: Precision
    /// The bytes that the weights take.
    public let byteCount: Int

    /// Floats of a `StateTable` row: h and c of all layers, rounded up to 64 bytes.
    public let stateStride: Int
    /// The step of this instruction set and precision.
    let step: recurrent_step_function

    private let floats: AlignedFloats
    /// The layers and the model as the C step wants them; they point into `floats` and to each other.
    private let layers: UnsafeMutablePointer<recurrent_layer>
    let description: UnsafeMutablePointer<recurrent_model>

    /// Packs weights.
    ///
    /// - Precondition: This machine can run `instructionSet` and `precision`; bf16 goes with `.avx512` only.
    public init(
        _ weights: RecurrentWeights, precision: Precision = .float32,
        for instructionSet: InstructionSet = .best
    ) {
        precondition(
            InstructionSet.available.contains(instructionSet), "this machine cannot run \(instructionSet)")
        precondition(Precision.available.contains(precision), "this machine cannot run \(precision)")
        precondition(precision.hasStep(for: instructionSet), "\(instructionSet) has no step in \(precision)")
        step = Self.step(instructionSet, precision)
        let shape = weights.shape
        stateStride = Self.stateStride(of: shape)
        var packing = WeightPacking(width: instructionSet.width, precision: precision, shape: shape)
        for (index, layer) in weights.layers.enumerated() { packing.append(layer, index: index) }
        packing.appendReadout(weights)

        floats = AlignedFloats(count: packing.floats.count)
        floats.start.update(from: packing.floats, count: packing.floats.count)
        layers = .allocate(capacity: shape.layerCount)
        for index in 0..<shape.layerCount {
            (layers + index).initialize(
                to: recurrent_layer(
                    input_size: Int32(shape.inputSize(ofLayer: index)),
                    weights: floats.start + packing.weightOffsets[index],
                    bias: floats.start + packing.biasOffsets[index]))
        }
        description = .allocate(capacity: 1)
        description.initialize(
            to: recurrent_model(
                input_size: Int32(shape.inputSize), hidden_size: Int32(shape.hiddenSize),
                layer_count: Int32(shape.layerCount), output_size: Int32(shape.outputSize),
                state_stride: Int32(stateStride), layers: layers,
                readout: floats.start + packing.readoutOffset,
                readout_bias: floats.start + packing.readoutBiasOffset))
        self.shape = shape
        self.instructionSet = instructionSet
        self.precision = precision
        byteCount = packing.floats.count * MemoryLayout<Float>.stride
    }

    deinit {
        layers.deallocate()
        description.deallocate()
    }

    private static func step(
        _ instructionSet: InstructionSet, _ precision: Precision
    ) -> recurrent_step_function {
        switch (instructionSet, precision) {
        case (.portable, .float32): recurrent_step_portable
        #if arch(x86_64)
            case (.avx2, .float32): recurrent_step_avx2
            case (.avx512, .float32): recurrent_step_avx512
            case (.avx512, .bf16): recurrent_step_bf16
        #endif
        default: preconditionFailure("there is no step for \(instructionSet) in \(precision)")
        }
    }

    private static func stateStride(of shape: RecurrentShape) -> Int {
        let state = 2 * shape.layerCount * shape.hiddenSize
        // The readout reads the top layer's h in whole vectors of up to 16.
        let reach = 2 * (shape.layerCount - 1) * shape.hiddenSize + (shape.hiddenSize + 15) / 16 * 16
        return (max(state, reach) + 15) / 16 * 16
    }
}
