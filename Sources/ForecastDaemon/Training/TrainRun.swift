// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
package import Training

/// `forecastd train`: reads history, fits a model, writes it.
package struct TrainRun: Sendable {
    /// The files of history.
    package var data: [String]
    /// Where the model goes.
    package var output: String
    /// Where a picture of the training goes, if anywhere.
    package var plot: String?
    /// What is trained, and how.
    package var training: TrainingOptions

    /// Makes a run.
    package init(data: [String], output: String, plot: String?, training: TrainingOptions) {
        (self.data, self.output, self.plot, self.training) = (data, output, plot, training)
    }

    /// Trains, writes the files, and tells what came of it.
    package func run() throws(DaemonError) -> TrainReport {
        let model = try OutputFile(path: output)
        let picture = try plot.map { path throws(DaemonError) in try OutputFile(path: path) }
        let history = try readHistory()
        let series = history.series
        let start = ContinuousClock.now
        let (trainer, network) = try Trainer.fit(series, options: training, from: data)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        do {
            var metadata = metadata(network)
            metadata[TrainedRows.key] = try TrainedRows.text(
                history.files.map { TrainedRows($0, training) })
            try model.write(StateDictionary(network.weights).safetensors(metadata: metadata))
        } catch let error as DaemonError { throw error } catch { throw DaemonError(.software, "\(error)") }
        let samples = trainer.samples(of: network, limit: TrainingChart.sampleLimit)
        let chart = TrainingChart(network: network, samples: samples, names: series.map(\.name))
        try picture?.write(Array(chart.svg.utf8))
        let trained = Set(trainer.trainingSeries)
        return TrainReport(
            file: output, plot: plot, series: trained.count,
            notes: history.notes
                + series.indices.filter { !trained.contains($0) }.map {
                    "series \(series[$0].name) is not trained on: it has no "
                        + "\(training.window + training.horizon) values in a row"
                }, windows: trainer.windowCount, network: network, batch: training.batch, seconds: seconds)
    }

    private func readHistory() throws(DaemonError) -> History {
        let history = try History(paths: data)
        for file in history.files {
            try file.check(training.trainingRows, of: "--train-rows")
            try file.check(training.validationRows, of: "--validation-rows")
        }
        return history
    }

    /// What the model file says of its use and of its making.
    private func metadata(_ network: TrainedNetwork) -> [String: String] {
        var metadata = [
            "format": "pt", "target": "difference", "scale": "rolling",
            "half_life": "\(training.scaleHalfLife)", "horizon": "\(training.horizon)",
            "window": "\(training.window)", "batch": "\(training.batch)", "seed": "\(training.seed)",
            "iterations": "\(network.best?.iteration ?? 0)",
            "validation_loss": "\(network.best?.validation ?? .nan)",
            "persistence_loss": "\(network.persistenceLoss)",
            "data": data.map { URL(filePath: $0).lastPathComponent }.joined(separator: ", "),
            "made_by": "forecastd \(VersionReport.version) train",
        ]
        if let season = training.season { metadata["season"] = "\(season)" }
        if training.huberDelta.isFinite { metadata["huber_delta"] = "\(training.huberDelta)" }
        if training.scalesErrors { metadata["scaled_errors"] = "true" }
        if training.isStateful { metadata["stateful"] = "true" }
        return metadata
    }
}
