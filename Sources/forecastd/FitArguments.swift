// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RecurrentKernels
import Training

/// What is trained and how: options that mean nothing beside a model that is there already.
struct FitArguments: ParsableArguments {
    private static let defaults = TrainingOptions()

    @Option(help: "Units per layer (\(defaults.hiddenSize)).")
    var hidden: Int?

    @Option(help: "Layers of the LSTM (\(defaults.layerCount)).")
    var layers: Int?

    @Option(help: "Ticks of a window (\(defaults.window)); the first sixth is burn-in, but for --stateful.")
    var window: Int?

    @Option(help: "Windows per iteration (\(defaults.batch)).")
    var batch: Int?

    @Option(help: "Updates of the weights (\(defaults.iterations)).")
    var iterations: Int?

    @Option(help: "The highest learning rate of Adam's one cycle (\(defaults.learningRate)).")
    var learningRate: Double?

    @Option(
        help:
            "Use Huber's loss: errors up to this count by their square, larger ones linearly (all by their square)."
    )
    var huberDelta: Double?

    @Flag(
        help:
            "Divide each series' errors by its mean absolute change, so that each counts by the skill gained on it."
    )
    var scaledErrors = false

    @Flag(help: "Carry the state from window to window through a series, as mode: stateful does.")
    var stateful = false

    @Option(help: "Iterations from one validation to the next (\(defaults.validationInterval)).")
    var validateEvery: Int?

    @Option(help: "End after so many validations without a better one (never).")
    var patience: Int?

    @Option(help: "What the first weights and the batches follow from (\(defaults.seed)).")
    var seed: UInt64?

    func validate() throws {
        for (name, number, range) in [
            ("hidden", hidden, 1...1024), ("layers", layers, 1...RecurrentGradient.maximumLayers),
            ("window", window, 2...10_000), ("batch", batch, 1...4096),
            ("iterations", iterations, 1...10_000_000), ("validate-every", validateEvery, 1...10_000_000),
            ("patience", patience, 1...10_000_000),
        ] { if let number { try TrainingArguments.check(name, number, range) } }
        if let learningRate, !(learningRate > 0 && learningRate <= 1) {
            throw ValidationError(
                "--learning-rate: expected above 0 and at most 1, found \(learningRate)")
        }
        if let huberDelta, !(0.001...1000).contains(huberDelta) {
            throw ValidationError("--huber-delta: expected 0.001 to 1000, found \(huberDelta)")
        }
    }

    /// The options that were given, as they are written.
    var given: [String] {
        [
            ("hidden", hidden != nil), ("layers", layers != nil), ("window", window != nil),
            ("batch", batch != nil), ("iterations", iterations != nil),
            ("learning-rate", learningRate != nil),
            ("huber-delta", huberDelta != nil), ("scaled-errors", scaledErrors), ("stateful", stateful),
            ("validate-every", validateEvery != nil), ("patience", patience != nil), ("seed", seed != nil),
        ].filter(\.1).map { "--\($0.0)" }
    }

    /// The training that is asked for, but for its horizon, rows and scale.
    var options: TrainingOptions {
        var options = TrainingOptions()
        func set<Value>(_ path: WritableKeyPath<TrainingOptions, Value>, _ value: Value?) {
            if let value { options[keyPath: path] = value }
        }
        set(\.hiddenSize, hidden)
        set(\.layerCount, layers)
        set(\.window, window)
        set(\.batch, batch)
        set(\.iterations, iterations)
        set(\.learningRate, learningRate)
        set(\.huberDelta, huberDelta)
        set(\.validationInterval, validateEvery)
        set(\.seed, seed)
        (options.scalesErrors, options.isStateful, options.patience) = (scaledErrors, stateful, patience)
        return options
    }
}
