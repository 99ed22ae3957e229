// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import RecurrentKernels
import Training

/// The model that history is forecast with, as a rule of the daemon would run it.
struct BacktestModel: Sendable {
    /// What a report says of it.
    struct Description: Sendable, Encodable {
        /// Its file; nil if it was trained for the occasion.
        var file: String?
        var hiddenSize: Int
        var layers: Int
        var scale: String
        /// Updates of the weights up to the lowest loss on the rows to validate on, and that loss.
        var iterations: Int?
        var validationLoss: Double?

        enum CodingKeys: String, CodingKey {
            case file, layers, scale, iterations
            case hiddenSize = "hidden_size"
            case validationLoss = "validation_loss"
        }
    }

    let planned: ForecastPlan.Model
    let scaling: Scaling
    private(set) var description: Description
    /// The rows that it was trained on, if its file says so.
    private var trainedRows: [TrainedRows]?

    /// Ticks ahead where neither the command line nor the model says how many.
    static let defaultHorizon = 24

    private init(
        _ weights: RecurrentWeights, revision: String, target: ForecastPlan.Model.Target, scaling: Scaling
    ) {
        planned = ForecastPlan.Model(
            name: "model", revision: revision, packed: PackedModel(weights), mode: .stateful, target: target)
        self.scaling = scaling
        description = Description(
            hiddenSize: weights.shape.hiddenSize, layers: weights.shape.layerCount, scale: "\(scaling)")
    }

    /// A model that was trained as `forecastd train` trains.
    init(_ network: TrainedNetwork, options: TrainingOptions) {
        self.init(
            network.weights, revision: "trained", target: .difference,
            scaling: .rolling(halfLife: options.scaleHalfLife))
        description.iterations = network.best?.iteration
        description.validationLoss = network.best?.validation
    }

    /// A model from a file, scaled as its metadata say: by their mean and std, or else by the stream itself.
    init(path: String, halfLife: Double?) throws(DaemonError) {
        let file = try ModelFile(path: path)
        let metadata = try ModelMetadata(file.contents.metadata, path: path)
        let size = file.weights.shape.inputSize
        guard size == 1 else {
            throw DaemonError(.data, "\(path): expected a model with one input per tick, found \(size)")
        }
        let rolling = halfLife ?? metadata.halfLife ?? StreamRuleConfiguration.defaultHalfLife
        var scaling = Scaling.rolling(halfLife: rolling)
        if halfLife == nil, let mean = metadata.means?.first, let deviation = metadata.deviations?.first {
            scaling = .fixed(mean: mean, deviation: deviation)
        }
        self.init(
            file.weights, revision: file.revision, target: metadata.target ?? .value, scaling: scaling)
        description.file = path
        trainedRows = TrainedRows.read(file.contents.metadata)
    }

    /// What is to be known of the rows to test on before the model's errors on them are believed.
    func notes(_ files: [HistoryFile], _ rows: [BacktestRows]) -> [String] {
        guard let path = description.file else { return [] }
        guard let trainedRows else {
            return [
                "\(path) does not say which rows it was trained on: errors on rows that it has seen are no measure of it"
            ]
        }
        return zip(files, rows).flatMap { file, rows in
            trainedRows.compactMap { trained in
                trained.overlap(rows.test, of: file).map { seen in
                    "\(file.path): of the rows \(rows.test.text) to test on, \(path) has seen \(seen.text) when it was "
                        + "trained: errors on those are no measure of it; --test-rows chooses others"
                }
            }
        }
    }

    /// The horizon to forecast; by default the model's own.
    func horizon(_ asked: Int?) throws(DaemonError) -> Int {
        let outputs = planned.packed.shape.outputSize
        let horizon = asked ?? (outputs > 1 ? outputs : Self.defaultHorizon)
        guard horizon <= outputs || outputs == 1 else {
            throw DaemonError(
                .data,
                "\(description.file ?? ""): expected a horizon of at most \(outputs), the model's outputs, "
                    + "found \(horizon)")
        }
        return min(horizon, AdaptationConfiguration.maximumHorizon)
    }
}
