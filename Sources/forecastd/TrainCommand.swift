// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import RecurrentKernels
import Training

/// `forecastd train`: a model for streams whose history is there.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fits one model to the history of your streams, and writes it as a model file.",
        discussion: """
            Reads CSV files: a header, then a row per tick in order of time. A first column of times is passed over; \
            every other column of numbers is the history of one stream. All streams of all files train one network, \
            nn.LSTM followed by nn.Linear, that sees each stream through the daemon's rolling scale and forecasts \
            changes since the latest value. Rows count from 0, without the header. Examples:

              forecastd train history.csv --season 24 --horizon 48 --out plant.safetensors
              forecastd train a.csv b.csv --train-rows 0:2880 --out m.safetensors

            The weights with the lowest loss on the rows to validate on are kept. Use the file with scale: rolling; \
            PyTorch loads it as the state_dict of a module with an nn.LSTM lstm and an nn.Linear linear. The same seed \
            and data give the same file, on the same kind of processor, whatever the number of cores.
            """)

    @Argument(help: "CSV files of history.", completion: .file(extensions: ["csv"]))
    var data: [String]

    @Option(help: "The model file to write.", completion: .file(extensions: ["safetensors"]))
    var out: String

    @Option(help: "Write a picture (SVG) of the losses and of sample forecasts.", completion: .file())
    var plot: String?

    @Option(help: "Rows of each file to train on, from A to before B, as A:B (the first 80 % of each).")
    var trainRows: RowRange?

    @Option(help: "Rows of each file to validate on, as B:C (those that follow the rows to train on).")
    var validationRows: RowRange?

    @Option(help: "Units per layer.")
    var hidden = TrainingOptions().hiddenSize

    @Option(help: "Layers of the LSTM.")
    var layers = TrainingOptions().layerCount

    @Option(help: "Ticks to forecast.")
    var horizon = TrainingOptions().horizon

    @Option(help: "Ticks per season, as 24 for hourly values with a daily course.")
    var season: Int?

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

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard !data.isEmpty else { throw ValidationError("expected a CSV file of history") }
        guard Set(data + [out]).count == Set(data).count + 1,
            plot.map({ (data + [out]).contains($0) }) != true
        else { throw ValidationError("expected different files for the data, --out and --plot") }
        for (name, number, range) in [
            ("hidden", hidden, 1...1024), ("layers", layers, 1...RecurrentGradient.maximumLayers),
            ("horizon", horizon, 1...1024), ("season", season ?? 2, 2...1_000_000),
            ("window", window, 2...10_000), ("batch", batch, 1...4096),
            ("iterations", iterations, 1...10_000_000), ("validate-every", validateEvery, 1...10_000_000),
            ("patience", patience ?? 1, 1...10_000_000),
        ] {
            guard range.contains(number) else {
                throw ValidationError(
                    "--\(name): expected \(range.lowerBound) to \(range.upperBound), found \(number)")
            }
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

    func run() throws {
        var options = TrainingOptions()
        (options.hiddenSize, options.layerCount, options.horizon) = (hidden, layers, horizon)
        (options.season, options.halfLife) = (season, halfLife)
        (options.window, options.batch, options.iterations) = (window, batch, iterations)
        (options.learningRate, options.validationInterval) = (learningRate, validateEvery)
        (options.patience, options.seed) = (patience, seed)
        (options.trainingRows, options.validationRows) = (trainRows?.rows, validationRows?.rows)
        let report = try TrainRun(data: data, output: out, plot: plot, training: options).run()
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
