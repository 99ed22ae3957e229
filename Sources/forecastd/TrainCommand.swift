// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
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

    @Option(help: "Ticks to forecast.")
    var horizon = TrainingOptions().horizon

    @OptionGroup var training: TrainingArguments

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try TrainingArguments.check(data: data)
        guard !data.contains(out),
            plot.map({ (data + [out]).contains($0) }) != true
        else { throw ValidationError("expected different files for the data, --out and --plot") }
        guard training.season != .auto else {
            throw ValidationError("--season: expected a number of ticks: auto is for backtest alone")
        }
        try TrainingArguments.check("horizon", horizon, 1...1024)
    }

    func run() throws {
        var options = training.options
        options.horizon = horizon
        let report = try TrainRun(data: data, output: out, plot: plot, training: options).run()
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
