// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// A forecast beside what came.
package struct SampleForecast: Sendable {
    /// The series' index.
    package let series: Int
    /// The row whose value is the latest that the forecast knows.
    package let origin: Int
    /// The values up to the origin, its own last.
    package let history: [Double]
    /// The values after it.
    package let truth: [Double]
    /// The forecast, as many as the truth.
    package let forecast: [Double]

    /// Steps through the series up to `origin`, and forecasts what follows.
    init(_ series: ScaledSeries, index: Int, model: PackedModel, origin: Int, history: Int) {
        let horizon = model.shape.outputSize
        var state = StateTable(rowCount: 1, model: model)
        var step = RecurrentStep(model: model, maximumBatch: 1)
        var outputs = [Float](repeating: 0, count: horizon)
        let rows: [UInt32] = [0]
        for row in 0...origin where series.inputs[row].isFinite {
            let input = [series.inputs[row]]
            var span = outputs.mutableSpan
            _ = step.advance(&state, rows: rows.span, inputs: input.span, outputs: &span)
        }
        let (value, deviation) = (series.values[origin], series.deviations[origin])
        self.series = index
        self.origin = origin
        self.history = Array(series.values[max(0, origin + 1 - history)...origin])
        truth = Array(series.values[origin + 1...origin + horizon])
        forecast = outputs.map { value + deviation * Double($0) }
    }
}
