// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import StepHarness

/// A batch of streams that all step at once, as the daemon's engine steps a wave.
struct Stepper: ~Copyable {
    private let rows: [UInt32]
    private let inputCount: Int
    private let outputCount: Int
    private var states: StateTable
    private var step: RecurrentStep

    init(_ weights: RecurrentWeights, precision: Precision, batch: Int) {
        let model = PackedModel(weights, precision: precision)
        rows = (0..<UInt32(batch)).map { $0 }
        inputCount = batch * weights.shape.inputSize
        outputCount = batch * weights.shape.outputSize
        states = StateTable(rowCount: batch, model: model)
        step = RecurrentStep(model: model, maximumBatch: batch)
    }

    /// Sets the state of every stream to zero.
    mutating func reset() {
        for row in 0..<states.rowCount { states.reset(row: row) }
    }

    /// One time step of all streams, from `inputs[batch][inputSize]` to `outputs[batch][outputSize]`.
    mutating func advance(_ inputs: UnsafePointer<Float>, _ outputs: UnsafeMutablePointer<Float>) {
        let inputs = UnsafeBufferPointer(start: inputs, count: inputCount)
        let outputs = UnsafeMutableBufferPointer(start: outputs, count: outputCount)
        let rows = rows
        var outputSpan = outputs.mutableSpan
        let isFinite = step.advance(&states, rows: rows.span, inputs: inputs.span, outputs: &outputSpan)
        precondition(isFinite, "finite inputs and weights keep the state finite")
    }
}

extension RecurrentWeights {
    /// Takes over the weights that the harness has read.
    init(_ model: lstm_model) {
        let units = Int(model.hidden_size)
        let shape = RecurrentShape(
            inputSize: Int(model.input_size), hiddenSize: units, layerCount: Int(model.layer_count),
            outputSize: Int(model.output_size))
        let layers = withUnsafeBytes(of: model.layers) { bytes in
            bytes.bindMemory(to: lstm_layer.self).prefix(shape.layerCount).map { Layer($0, units: units) }
        }
        self.init(
            shape: shape, layers: layers,
            readout: floats(model.readout_weights, count: shape.outputSize * units),
            readoutBias: floats(model.readout_bias, count: shape.outputSize))
    }
}

extension RecurrentWeights.Layer {
    fileprivate init(_ layer: lstm_layer, units: Int) {
        let gateRows = 4 * units
        let inputBias = floats(layer.input_bias, count: gateRows)
        let recurrentBias = floats(layer.recurrent_bias, count: gateRows)
        self.init(
            input: floats(layer.input_weights, count: gateRows * Int(layer.input_size)),
            recurrent: floats(layer.recurrent_weights, count: gateRows * units),
            bias: zip(inputBias, recurrentBias).map { $0 + $1 })
    }
}

private func floats(_ start: UnsafePointer<Float>, count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: start, count: count))
}
