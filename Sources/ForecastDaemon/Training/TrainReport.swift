// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Training

/// What `forecastd train` says in the end.
package struct TrainReport: Sendable, Encodable {
    var file: String
    var plot: String?
    /// Series that were trained on.
    var series: Int
    /// What was left out, a sentence each.
    var notes: [String]
    /// Windows that could be drawn.
    var windows: Int
    /// Iterations that were made.
    var iterations: Int
    /// How often each window was drawn on average.
    var epochs: Double
    var seconds: Double
    /// The losses at the best validation, whose weights the file has.
    var best: TrainedNetwork.Losses?
    /// The validation's loss of repeating the last value.
    var persistenceLoss: Double
    /// The losses at each validation.
    var history: [TrainedNetwork.Losses]

    enum CodingKeys: String, CodingKey {
        case file, plot, series, notes, windows, iterations, epochs, seconds, best, history
        case persistenceLoss = "persistence_loss"
    }

    init(
        file: String, plot: String?, series: Int, notes: [String], windows: Int, network: TrainedNetwork,
        batch: Int, seconds: Double
    ) {
        (self.file, self.plot, self.series, self.notes) = (file, plot, series, notes)
        (self.windows, self.seconds) = (windows, seconds)
        history = network.history
        best = network.best
        persistenceLoss = network.persistenceLoss
        iterations = history.last?.iteration ?? 0
        epochs = Double(iterations * batch) / Double(windows)
    }

    /// The report as lines of text.
    package var text: String {
        func digits(_ number: Double, _ count: Int = 4) -> String { String(format: "%.\(count)f", number) }
        var lines = notes.map { "note: \($0)" }
        lines.append(
            "trained on \(series) series, \(windows) windows, \(digits(epochs, 1)) epochs: \(iterations) iterations "
                + "in \(digits(seconds, 1)) s")
        if let best {
            let share = digits(best.validation / persistenceLoss, 3)
            lines.append(
                "best at iteration \(best.iteration): training loss \(digits(best.training)), validation loss "
                    + "\(digits(best.validation)), \(share) of persistence's \(digits(persistenceLoss))")
        }
        lines.append("model: \(file)")
        if let plot { lines.append("picture: \(plot)") }
        lines.append(
            """
            in a configuration of this folder:
              models: {trained: {weights: '\(file.replacing("'", with: "''"))'}}
              streams: [{match: "*", model: trained, scale: rolling}]
            """)
        return lines.joined(separator: "\n")
    }
}
