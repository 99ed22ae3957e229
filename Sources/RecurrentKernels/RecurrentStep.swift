// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CRecurrentKernels

/// The batched LSTM step: nn.LSTM followed by nn.Linear, one tick for many streams.
///
/// Owns the scratch memory of a batch and allocates nothing while it steps. A stream's result does not
/// depend on the rest of the batch, nor on the order within it, to the bit.
public struct RecurrentStep: ~Copyable {
    private let model: PackedModel
    private let maximumBatch: Int
    private let scratch: AlignedFloats

    /// Makes a step for at most `maximumBatch` streams at once.
    public init(model: PackedModel, maximumBatch: Int) {
        precondition(maximumBatch >= 1, "a batch has at least one stream")
        self.model = model
        self.maximumBatch = maximumBatch
        scratch = AlignedFloats(count: maximumBatch * Int(recurrent_scratch_stride(model.description)))
    }

    /// Takes `rows.count` streams one tick further.
    ///
    /// - Parameters:
    ///   - state: A table of the same model; the streams' rows are updated in place.
    ///   - rows: The streams' rows, each at most once.
    ///   - inputs: What enters the first layer, `[rows.count, inputSize]`, row-major.
    ///   - outputs: Receives the readout, `[rows.count, outputSize]`, row-major; what is beyond is left alone.
    /// - Returns: Whether all new hidden states and outputs are finite.
    /// - Precondition: At most `maximumBatch` rows, all of the table; spans are long enough.
    /// - SeeAlso: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, as in nn.LSTM.
    public mutating func advance(
        _ state: inout StateTable, rows: Span<UInt32>, inputs: Span<Float>, outputs: inout MutableSpan<Float>
    ) -> Bool {
        let shape = model.shape
        precondition(rows.count <= maximumBatch, "the batch is larger than maximumBatch")
        precondition(state.stride == model.stateStride, "the table is of another model")
        precondition(inputs.count >= rows.count * shape.inputSize, "inputs: [rows.count, inputSize]")
        precondition(outputs.count >= rows.count * shape.outputSize, "outputs: [rows.count, outputSize]")
        for index in rows.indices { precondition(rows[index] < state.rowCount, "no such row in the table") }
        let start = state.start
        return rows.withUnsafeBufferPointer { rows in
            inputs.withUnsafeBufferPointer { inputs in
                outputs.withUnsafeMutableBufferPointer { outputs in
                    model.step(
                        model.description, start, rows.baseAddress, Int32(rows.count), inputs.baseAddress,
                        outputs.baseAddress, scratch.start)
                }
            }
        }
    }
}
