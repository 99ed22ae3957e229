// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// Loss and gradient of nn.LSTM followed by nn.Linear over windows of ticks.
///
/// Up to `lanes` windows are computed side by side. One thread uses it at a time; its owner fills `inputs`,
/// `targets`, `errorScales` and `state`, then asks. The same numbers give the same bits.
/// - SeeAlso: Werbos 1990, "Backpropagation through time".
package final class RecurrentGradient {
    /// Windows that are computed side by side.
    package static let lanes = Int(RECURRENT_LANES)
    /// The deepest network.
    package static let maximumLayers = Int(RECURRENT_MAXIMUM_LAYERS)

    private let memory: Memory
    private let description: UnsafeMutablePointer<recurrent_training>
    private let compute: recurrent_gradient_function

    /// What goes in, and room for what comes between.
    private struct Memory: ~Copyable {
        let inputs: AlignedFloats
        let targets: AlignedFloats
        let errorScales: AlignedFloats
        let state: AlignedFloats
        let outputWeights: AlignedFloats
        let workspace: AlignedFloats
    }

    /// `[ticks][inputSize][lanes]`.
    package var inputs: UnsafeMutablePointer<Float> { memory.inputs.start }
    /// `[ticks - burnIn][outputSize][lanes]`.
    package var targets: UnsafeMutablePointer<Float> { memory.targets.start }
    /// What each output's error is multiplied by, `[outputSize][lanes]`; 1 until something else is set.
    package var errorScales: UnsafeMutablePointer<Float> { memory.errorScales.start }
    /// Each layer's h, then c: what the windows begin with, then what they ended with;
    /// `[layerCount][2][hiddenSize][lanes]`.
    package var state: UnsafeMutablePointer<Float> { memory.state.start }

    /// Floats of the state of all lanes.
    package static func stateCount(_ shape: RecurrentShape) -> Int {
        2 * shape.layerCount * shape.hiddenSize * lanes
    }

    /// Makes room for windows of `ticks` ticks.
    ///
    /// - Parameters:
    ///   - shape: The network's sizes, at most `maximumLayers` layers.
    ///   - ticks: Ticks of a window.
    ///   - burnIn: The first ticks of a window, whose outputs do not count.
    ///   - outputWeights: What each output counts for in the loss.
    ///   - huberDelta: The error up to which the loss grows as its square, and beyond which linearly.
    ///   - instructionSet: One that this machine can run.
    package init(
        shape: RecurrentShape, ticks: Int, burnIn: Int, outputWeights: [Float],
        huberDelta: Float = .infinity, instructionSet: InstructionSet = .best
    ) {
        precondition(shape.layerCount <= Self.maximumLayers, "at most \(Self.maximumLayers) layers")
        precondition(burnIn >= 0 && burnIn < ticks, "some ticks of a window count")
        precondition(outputWeights.count == shape.outputSize, "a weight per output")
        let weights = AlignedFloats(count: outputWeights.count)
        for (index, weight) in outputWeights.enumerated() { weights.start[index] = weight }
        description = .allocate(capacity: 1)
        description.initialize(to: Self.description(shape, ticks: ticks, burnIn: burnIn))
        description.pointee.output_weights = UnsafePointer(weights.start)
        description.pointee.huber_delta = huberDelta
        let scales = AlignedFloats(count: outputWeights.count * Self.lanes)
        scales.start.update(repeating: 1, count: scales.count)
        memory = Memory(
            inputs: AlignedFloats(count: ticks * shape.inputSize * Self.lanes),
            targets: AlignedFloats(count: (ticks - burnIn) * shape.outputSize * Self.lanes),
            errorScales: scales,
            state: AlignedFloats(count: Self.stateCount(shape)),
            outputWeights: weights, workspace: AlignedFloats(count: recurrent_workspace_count(description)))
        compute =
            switch instructionSet {
            #if arch(x86_64)
                case .avx2: recurrent_gradient_avx2
                case .avx512: recurrent_gradient_avx512
            #endif
            default: recurrent_gradient_portable
            }
    }

    /// The memory that one for such windows takes.
    package static func byteCount(shape: RecurrentShape, ticks: Int, burnIn: Int) -> Int {
        var description = description(shape, ticks: ticks, burnIn: burnIn)
        let ends =
            lanes * (ticks * shape.inputSize + (ticks - burnIn + 1) * shape.outputSize) + stateCount(shape)
        return (recurrent_workspace_count(&description) + ends) * MemoryLayout<Float>.stride
    }

    private static func description(_ shape: RecurrentShape, ticks: Int, burnIn: Int) -> recurrent_training {
        recurrent_training(
            input_size: Int32(shape.inputSize), hidden_size: Int32(shape.hiddenSize),
            layer_count: Int32(shape.layerCount), output_size: Int32(shape.outputSize), ticks: Int32(ticks),
            burn_in: Int32(burnIn), output_weights: nil, huber_delta: .infinity)
    }

    deinit { description.deallocate() }

    /// The loss of the first `windows` lanes: weight · huber(error), summed over windows, ticks that count, and outputs.
    package func loss(_ parameters: UnsafePointer<Float>, windows: Int) -> Double {
        compute(
            description, parameters, nil, inputs, targets, errorScales, Int32(windows), state, nil,
            memory.workspace.start)
    }

    /// The loss, and its gradient.
    ///
    /// - Parameters:
    ///   - parameters: As `ParameterLayout` has them.
    ///   - transposed: The same matrices transposed, each by itself.
    ///   - windows: Lanes that count, at most `lanes`.
    ///   - gradient: Receives the gradient, as many floats as there are parameters.
    package func loss(
        _ parameters: UnsafePointer<Float>, transposed: UnsafePointer<Float>, windows: Int,
        gradient: UnsafeMutablePointer<Float>
    ) -> Double {
        compute(
            description, parameters, transposed, inputs, targets, errorScales, Int32(windows), state,
            gradient,
            memory.workspace.start)
    }
}
