// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RecurrentKernels
import Training

/// What is trained, on which rows and how: the options that `train` and `backtest` share.
struct TrainingArguments: ParsableArguments {
    @Option(
        help: "Rows of each file to train on, from A to before B, as A:B (the first 80 %; for backtest 20 %)."
    )
    var trainRows: RowRange?

    @Option(help: "Rows of each file to validate on, as B:C (those that follow the rows to train on).")
    var validationRows: RowRange?

    @Option(
        help:
            "Ticks per season, as 24 for hourly values with a daily course; 0 for none; for backtest also auto."
    )
    var season = SeasonOption.ticks(0)

    @Option(help: "Units per layer.")
    var hidden = TrainingOptions().hiddenSize

    @Option(help: "Layers of the LSTM.")
    var layers = TrainingOptions().layerCount

    @Option(help: "The half-life in ticks of the rolling scale (2 seasons; without --season, 600).")
    var halfLife: Double?

    @Option(help: "Ticks of a window; the first sixth of them is burn-in.")
    var window = TrainingOptions().window

    @Option(help: "Windows per iteration.")
    var batch = TrainingOptions().batch

    @Option(help: "Updates of the weights.")
    var iterations = TrainingOptions().iterations

    @Option(help: "The highest learning rate of Adam's one cycle.")
    var learningRate = TrainingOptions().learningRate

    @Option(help: "Iterations from one validation to the next.")
    var validateEvery = TrainingOptions().validationInterval

    @Option(help: "End after so many validations without a better one (never).")
    var patience: Int?

    @Option(help: "What the first weights and the batches follow from.")
    var seed: UInt64 = TrainingOptions().seed

    func validate() throws {
        for (name, number, range) in [
            ("hidden", hidden, 1...1024), ("layers", layers, 1...RecurrentGradient.maximumLayers),
            ("window", window, 2...10_000), ("batch", batch, 1...4096),
            ("iterations", iterations, 1...10_000_000), ("validate-every", validateEvery, 1...10_000_000),
            ("patience", patience ?? 1, 1...10_000_000),
        ] { try Self.check(name, number, range) }
        guard seasonTicks == 0 || (2...1_000_000).contains(seasonTicks) else {
            throw ValidationError("--season: expected 2 to 1000000, or 0 for none, found \(seasonTicks)")
        }
        if let halfLife, !(1...1e9).contains(halfLife) {
            throw ValidationError("--half-life: expected ticks from 1 to 1e9, found \(halfLife)")
        }
        guard learningRate > 0, learningRate <= 1 else {
            throw ValidationError("--learning-rate: expected above 0 and at most 1, found \(learningRate)")
        }
        if let training = trainRows?.rows, let validation = validationRows?.rows,
            training.overlaps(validation)
        {
            throw ValidationError("--validation-rows: expected none of those to train on")
        }
    }

    /// The season that is given, in ticks; 0 for none.
    var seasonTicks: Int { if case .ticks(let count) = season { count } else { 0 } }

    /// Checks that the number of an option is in its range.
    static func check(_ name: String, _ number: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(number) else {
            throw ValidationError(
                "--\(name): expected \(range.lowerBound) to \(range.upperBound), found \(number)")
        }
    }

    /// The training that is asked for, but for its horizon.
    var options: TrainingOptions {
        var options = TrainingOptions()
        (options.hiddenSize, options.layerCount) = (hidden, layers)
        (options.season, options.halfLife) = (seasonTicks == 0 ? nil : seasonTicks, halfLife)
        (options.window, options.batch, options.iterations) = (window, batch, iterations)
        (options.learningRate, options.validationInterval) = (learningRate, validateEvery)
        (options.patience, options.seed) = (patience, seed)
        (options.trainingRows, options.validationRows) = (trainRows?.rows, validationRows?.rows)
        return options
    }
}
