// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// One model at work: the state of its streams, and one batch at a time on its way through the step.
///
/// Row `slot` of the live state belongs to the stream in that slot; of a model that runs over windows from zero state,
/// row `index` to the batch's stream of that number. Ticks beyond the present are tried on trial rows, one per stream of
/// the batch, and never touch the live ones.
final class ModelRunner {
    /// One stream of a batch.
    struct BatchStream {
        var slot: UInt32
        /// The newest tick's number since the stream began or was reset, from 0.
        var tick: UInt64
        /// The newest tick's value.
        var value: Double
        /// The scale in force at that tick.
        var scale: Scale
    }

    let model: ForecastPlan.Model
    /// Values that enter a step per stream.
    let inputSize: Int
    /// Values that a step gives per stream.
    let outputSize: Int
    // The engine's thread alone uses a runner, one call at a time: checks of exclusive access at run time, several per
    // message, would only find that out again.
    /// The streams of the batch.
    @exclusivity(unchecked) private(set) var batch: [BatchStream] = []
    /// The newest ticks' inputs of a model with several, `[batch.count, inputSize]`, and their scales.
    @exclusivity(unchecked) private var vectors: [Double] = []
    @exclusivity(unchecked) private var scales: [Scale] = []

    @exclusivity(unchecked) private var step: RecurrentStep
    @exclusivity(unchecked) private var live: StateTable
    @exclusivity(unchecked) private var trial: StateTable
    /// What live states were before the newest ticks, in the rows of a `CheckpointTable`.
    @exclusivity(unchecked) private var checkpoints: StateTable
    @exclusivity(unchecked) private var windows: WindowTable
    @exclusivity(unchecked) private var rows: [UInt32] = []
    @exclusivity(unchecked) private var inputs: [Float] = []
    @exclusivity(unchecked) private var outputs: [Float]

    init(model: ForecastPlan.Model, streamsLimit: Int, batchLimit: Int, checkpointCount: Int = 0) {
        self.model = model
        (inputSize, outputSize) = (model.packed.shape.inputSize, model.packed.shape.outputSize)
        step = RecurrentStep(model: model.packed, maximumBatch: batchLimit)
        trial = StateTable(rowCount: batchLimit, model: model.packed)
        let isKept = model.mode == .stateful && checkpointCount > 0
        checkpoints = StateTable(rowCount: isKept ? streamsLimit * checkpointCount : 1, model: model.packed)
        switch model.mode {
        case .stateful:
            live = StateTable(rowCount: streamsLimit, model: model.packed)
            windows = WindowTable(rowCount: 1, length: 1)
        case .window(let length):
            live = StateTable(rowCount: batchLimit, model: model.packed)
            windows = WindowTable(rowCount: streamsLimit, length: length, width: inputSize)
        }
        batch.reserveCapacity(batchLimit)
        vectors.reserveCapacity(inputSize > 1 ? batchLimit * inputSize : 0)
        scales.reserveCapacity(inputSize > 1 ? batchLimit * inputSize : 0)
        rows.reserveCapacity(batchLimit)
        inputs.reserveCapacity(batchLimit * inputSize)
        outputs = [Float](repeating: 0, count: batchLimit * outputSize)
    }

    /// Asks the processor for the state of the stream in `slot`, which a step will soon need.
    func prefetch(slot: UInt32) {
        if case .stateful = model.mode { live.prefetch(row: Int(slot)) }
    }

    /// Zeroes the state of the stream in `slot`. (A window begins anew when its ticks count from 0 again.)
    func reset(slot: UInt32) {
        if case .stateful = model.mode { live.reset(row: Int(slot)) }
    }

    /// Keeps the state of the stream in `slot` as a checkpoint.
    ///
    /// - Returns: What its next tick, number `tick`, will overwrite in its window.
    func keep(slot: UInt32, tick: UInt64, at checkpoint: Int) -> Double {
        guard case .stateful = model.mode else { return windows.value(row: Int(slot), tick: tick) }
        checkpoints.copyRow(checkpoint, from: live, row: Int(slot))
        return 0
    }

    /// Gives the stream in `slot` its state before tick number `tick` again, which overwrote `value`.
    func restore(slot: UInt32, tick: UInt64, value: Double, from checkpoint: Int) {
        guard case .stateful = model.mode else {
            windows.store(value, row: Int(slot), tick: tick)
            return
        }
        live.copyRow(Int(slot), from: checkpoints, row: checkpoint)
    }

    /// Takes one stream's state a tick further by itself, outside of the batch, whatever comes of it.
    ///
    /// - Precondition: The model is stateful.
    func replay(slot: UInt32, input: (Int) -> Float) {
        beginRows()
        rows.append(slot)
        for index in 0..<inputSize { inputs.append(input(index)) }
        _ = stepRows(of: &live)
    }

    /// Puts a value into the window of the stream in `slot`, as its tick number `tick`.
    ///
    /// - Precondition: The model is run over windows, and has one input.
    func remember(_ value: Double, slot: UInt32, tick: UInt64) {
        windows.store(value, row: Int(slot), tick: tick)
    }

    /// The memory of the stream in `slot`: its state, or its window.
    func bytes(of slot: UInt32) -> UnsafeMutableRawBufferPointer {
        model.mode == .stateful ? live.bytes(of: Int(slot)) : windows.bytes(of: Int(slot)..<Int(slot) + 1)
    }

    /// The memory of a kept state; nil where a model's window is its state.
    func bytes(ofCheckpoint checkpoint: Int) -> UnsafeMutableRawBufferPointer? {
        model.mode == .stateful ? checkpoints.bytes(of: checkpoint) : nil
    }

    func beginBatch() {
        batch.removeAll(keepingCapacity: true)
        vectors.removeAll(keepingCapacity: true)
        scales.removeAll(keepingCapacity: true)
    }

    /// Appends a stream to the batch.
    ///
    /// - Parameters:
    ///   - stream: The stream.
    ///   - vector: All inputs and their scales, at least `inputSize`, for a model with several.
    func append(_ stream: BatchStream, vector: [Double] = [], scales: [Scale] = []) {
        batch.append(stream)
        if inputSize > 1 {
            vectors.append(contentsOf: vector[..<inputSize])
            self.scales.append(contentsOf: scales[..<inputSize])
        }
        guard case .window = model.mode else { return }
        for input in 0..<inputSize {
            let value = inputSize == 1 ? stream.value : vector[input]
            windows.store(value, row: Int(stream.slot), tick: stream.tick, input: input)
        }
    }

    /// Takes the streams of the batch one tick further.
    ///
    /// - Returns: Whether all their inputs, states and outputs are finite.
    func advance() -> Bool {
        switch model.mode {
        case .stateful:
            beginRows()
            for (index, stream) in batch.enumerated() {
                rows.append(stream.slot)
                guard inputSize > 1 else {
                    inputs.append(stream.scale.input(stream.value))
                    continue
                }
                for place in index * inputSize..<(index + 1) * inputSize {
                    inputs.append(scales[place].input(vectors[place]))
                }
            }
            return stepRows(of: &live)
        case .window(let length):
            return advanceWindows(length: length)
        }
    }

    /// Runs the last `length` ticks of each stream from zero state.
    ///
    /// Windows end together, so that a young stream with fewer ticks joins later.
    private func advanceWindows(length: Int) -> Bool {
        for index in batch.indices { live.reset(row: index) }
        var isFinite = true
        for back in stride(from: UInt64(length) - 1, through: 0, by: -1) {
            beginRows()
            for (index, stream) in batch.enumerated() where stream.tick >= back {
                rows.append(UInt32(index))
                for input in 0..<inputSize {
                    let scale = inputSize == 1 ? stream.scale : scales[index * inputSize + input]
                    let (row, tick) = (Int(stream.slot), stream.tick - back)
                    inputs.append(scale.input(windows.value(row: row, tick: tick, input: input)))
                }
            }
            isFinite = stepRows(of: &live)
        }
        return isFinite
    }

    /// Whether `advance` left input, state and outputs of the `index`-th stream of the batch finite.
    func isFinite(_ index: Int) -> Bool {
        for input in 0..<inputSize where !inputs[index * inputSize + input].isFinite { return false }
        for output in 0..<outputSize where !outputs[index * outputSize + output].isFinite { return false }
        return live.isFinite(row: liveRow(index))
    }

    /// The live row of the `index`-th stream of the batch.
    private func liveRow(_ index: Int) -> Int { model.mode == .stateful ? Int(batch[index].slot) : index }

    /// Calls `body` with the top layer's hidden state of the `index`-th stream of the batch.
    func withHidden<Result>(_ index: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
        let shape = model.packed.shape
        let offset = 2 * (shape.layerCount - 1) * shape.hiddenSize
        return live.withRow(liveRow(index)) { body($0.baseAddress! + offset) }
    }

    /// The newest step's forecast by output number `output` for the `index`-th stream of the batch, in
    /// scaled units from the scale's mean (`target: value`) or from the newest value (`difference`).
    func prediction(_ output: Int, of index: Int) -> Float {
        let result = outputs[index * outputSize + output]
        guard inputSize == 1 else { return result }  // there are no steps beyond the present
        switch model.target {
        case .value: return result
        case .difference:
            // On a trial row the step saw an earlier forecast, from which its difference counts on.
            let stream = batch[index]
            return result + (inputs[index] - stream.scale.input(stream.value))
        }
    }

    /// Copies the batch's states to the trial rows, from where `advanceTrial` goes on.
    func beginTrial() {
        for index in batch.indices { trial.copyRow(index, from: live, row: liveRow(index)) }
    }

    /// Takes the trial rows one tick beyond the present, feeding back each stream's last forecast.
    ///
    /// - Precondition: The model has one input.
    func advanceTrial() {
        for index in batch.indices {
            let result = outputs[index * outputSize]
            switch model.target {
            case .value: inputs[index] = result
            case .difference: inputs[index] += result
            }
        }
        rows.removeAll(keepingCapacity: true)
        rows.append(contentsOf: 0..<UInt32(batch.count))
        _ = stepRows(of: &trial)
    }

    private func beginRows() {
        rows.removeAll(keepingCapacity: true)
        inputs.removeAll(keepingCapacity: true)
    }

    private func stepRows(of table: inout StateTable) -> Bool {
        let (rows, inputs) = (rows, inputs)
        // A span needs a local owner. Taken out of the property, the buffer is not copied by the write.
        var results = outputs
        outputs = []
        defer { outputs = results }
        var span = results.mutableSpan
        let isFinite = step.advance(&table, rows: rows.span, inputs: inputs.span, outputs: &span)
        return isFinite && inputs.allSatisfy(\.isFinite)
    }
}
