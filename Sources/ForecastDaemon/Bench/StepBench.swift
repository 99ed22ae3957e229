// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels
import Training

/// How long the step of a model takes by itself.
enum StepBench {
    /// Streams that are stepped together.
    static let batches = [1, 8, 64]

    /// Microseconds per step and stream: the median over many batches.
    static func microseconds(_ model: PackedModel, batch: Int, duration: Duration) -> Double {
        var step = RecurrentStep(model: model, maximumBatch: batch)
        var state = StateTable(rowCount: batch, model: model)
        let rows = (0..<UInt32(batch)).map { $0 }
        var random = SplitMix64(seed: 1)
        let inputs = (0..<batch * model.shape.inputSize).map { _ in Float(random.normal()) }
        var outputs = [Float](repeating: 0, count: batch * model.shape.outputSize)
        var times: [Duration] = []
        let end = ContinuousClock.now + duration
        while times.count < 100 || ContinuousClock.now < end {
            // Many steps per reading of the clock, which takes as long as a small step.
            let begin = ContinuousClock.now
            for _ in 0..<16 {
                var span = outputs.mutableSpan
                _ = step.advance(&state, rows: rows.span, inputs: inputs.span, outputs: &span)
            }
            times.append(ContinuousClock.now - begin)
        }
        return times.sorted()[times.count / 2] / .microseconds(16 * batch)
    }
}
