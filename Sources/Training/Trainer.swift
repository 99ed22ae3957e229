// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels

/// Fits one network to the history of many streams.
///
/// Each iteration draws a batch of windows, or goes on to the next in each series' life, and takes a step of Adam along one cycle of the learning rate; every few
/// iterations the loss over fixed windows of other rows is looked at, and the best weights are kept. The same seed,
/// data and kind of processor give the same weights, whatever the number of cores.
package final class Trainer {
    /// What is known after an iteration.
    package struct Progress: Sendable {
        /// Iterations so far.
        package var iteration: Int
        /// The loss of this iteration's batch.
        package var trainingLoss: Double
        /// The latest validation's loss; nil before the first.
        package var validationLoss: Double?
    }

    private let options: TrainingOptions
    private let layout: ParameterLayout
    private let training: WindowSet
    private let validationWindows: WindowSet
    private let validation: [WindowSet.Origin]
    private let series: [ScaledSeries]
    private let batchLoss: BatchLoss
    private var random: SplitMix64

    /// Windows that a validation looks at.
    private static let validationLimit = 256
    private static let memoryLimit = 8 << 30

    /// Prepares the series.
    ///
    /// - Parameters:
    ///   - series: The streams' histories.
    ///   - options: What to train, and how.
    ///   - threads: How many compute; they change nothing but the time.
    /// - Throws: A `TrainingError` if no series has rows enough, or what is to be trained is too large.
    package init(
        _ series: [Series], options: TrainingOptions,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) throws(TrainingError) {
        try Self.checkMemory(options, threads: threads)
        self.options = options
        layout = ParameterLayout(options.shape)
        random = SplitMix64(seed: options.seed)
        let scaled = series.map {
            ScaledSeries($0, halfLife: options.scaleHalfLife, targetLimit: options.targetLimit)
        }
        let length = options.window + options.horizon
        var (training, validation) = (WindowSet(), WindowSet())
        for (index, series) in series.enumerated() {
            var rows = options.trainingRows(of: series.values.count)
            // At a series' very beginning the scale knows too little; the daemon begins there nevertheless.
            let warmUp = options.isStateful ? 0 : min(Int(options.scaleHalfLife), rows.count / 10)
            if rows.lowerBound < warmUp { rows = warmUp..<rows.upperBound }
            training.append(series: index, starts: scaled[index].windowStarts(in: rows, length: length))
            validation.append(
                series: index,
                starts: scaled[index].windowStarts(
                    in: options.validationRows(of: series.values.count), length: length))
        }
        for (windows, purpose) in [(training, "train"), (validation, "validate")] where windows.isEmpty {
            throw TrainingError(
                description:
                    "expected a series with \(length) values in a row (window \(options.window), horizon "
                    + "\(options.horizon)) among the rows to \(purpose) on, found none: name other rows, take a shorter "
                    + "window or horizon, or a longer history")
        }
        self.training = training
        validationWindows = validation
        self.validation = validation.spread(limit: Self.validationLimit)
        self.series = scaled
        let errorScales = scaled.map {
            options.scalesErrors
                ? $0.errorScales(
                    in: options.trainingRows(of: $0.values.count), horizon: options.horizon)
                : [Float](repeating: 1, count: options.horizon)
        }
        batchLoss = BatchLoss(scaled, errorScales: errorScales, options: options, threads: threads)
    }

    /// The indices of the series that have windows to train on.
    package var trainingSeries: [Int] { training.seriesIndices }
    /// Windows that can be drawn.
    package var windowCount: Int { training.count }

    /// Trains.
    ///
    /// - Parameter progress: Called after each iteration.
    /// - Throws: A `TrainingError` if the weights run away.
    package func train(progress: (Progress) -> Void) throws(TrainingError) -> TrainedNetwork {
        let parameters = AlignedFloats(count: layout.count)
        let gradient = AlignedFloats(count: layout.count)
        drawParameters(parameters.start)
        var adam = Adam(layout)
        let cycle = OneCycle(highest: options.learningRate, iterations: options.iterations)
        var result = TrainedNetwork(layout: layout, persistenceLoss: persistenceLoss())
        var lives = Lives(places: options.batch, window: options.window)
        var (sum, count) = (0.0, 0.0)
        for iteration in 0..<options.iterations {
            let batch =
                options.isStateful
                ? lives.next(of: training, using: &random) : training.draw(options.batch, using: &random)
            let loss = batchLoss.loss(parameters, of: batch, gradient: gradient)
            let (rate, momentum) = cycle.values(at: iteration)
            adam.step(parameters.start, gradient: gradient.start, rate: rate, momentum: momentum)
            (sum, count) = (sum + loss, count + 1)
            let isLast = iteration + 1 == options.iterations
            if isLast || (iteration + 1) % options.validationInterval == 0 {
                let validationLoss = batchLoss.loss(parameters, of: validation)
                guard validationLoss.isFinite, sum.isFinite else {
                    throw TrainingError(
                        description:
                            "the loss became \(validationLoss) at iteration \(iteration + 1); "
                            + "use a lower learning rate")
                }
                result.append(
                    .init(iteration: iteration + 1, training: sum / count, validation: validationLoss),
                    parameters: UnsafeBufferPointer(start: parameters.start, count: layout.count))
                (sum, count) = (0, 0)
            }
            progress(
                Progress(
                    iteration: iteration + 1, trainingLoss: loss,
                    validationLoss: result.history.last?.validation))
            if let patience = options.patience, result.validationsSinceBest >= patience { break }
        }
        return result
    }

    /// Forecasts of the last window of up to `limit` series that were validated on, made as the daemon makes them:
    /// one step per value from the series' first row on.
    package func samples(of network: TrainedNetwork, limit: Int) -> [SampleForecast] {
        let model = PackedModel(network.weights)
        return validationWindows.lasts(limit: limit).map { origin in
            SampleForecast(
                series[origin.series], index: origin.series, model: model,
                origin: origin.start + options.window - 1, history: options.window)
        }
    }

    private static func checkMemory(_ options: TrainingOptions, threads: Int) throws(TrainingError) {
        let bytes = BatchLoss.byteCount(options, threads: threads)
        guard bytes <= memoryLimit else {
            throw TrainingError(
                description:
                    "expected a network and a window that need at most 8 GiB, found \(bytes >> 30) GiB; "
                    + "use a smaller window, batch or network")
        }
    }

    /// Draws the first weights as PyTorch does: evenly from ± 1/sqrt(hidden size); an LSTM's bias is the sum of two.
    private func drawParameters(_ parameters: UnsafeMutablePointer<Float>) {
        let bound = 1 / Double(options.hiddenSize).squareRoot()
        for index in 0..<layout.count { parameters[index] = Float((2 * random.uniform() - 1) * bound) }
        for matrix in layout.matrices.dropLast() {
            for index in matrix.biases { parameters[index] += Float((2 * random.uniform() - 1) * bound) }
        }
    }

    /// What a network without weights has as its loss: it says that nothing changes.
    private func persistenceLoss() -> Double {
        batchLoss.loss(AlignedFloats(count: layout.count), of: validation)
    }
}
