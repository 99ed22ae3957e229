// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting

/// `forecastd backtest`: how well history would have been forecast.
struct BacktestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Runs the live engine over history, and says how its forecasts turned out.",
        discussion: """
            Reads CSV files as train does: a header, then a row per tick; every column of numbers is one stream. The \
            engine of the daemon runs from row 0 on and knows at each row what lies before it, and nothing else. Its \
            forecasts of the rows to test on are compared with what came, beside those of persistence (the last value), \
            of the value one season before, and of the model left alone. Examples:

              forecastd backtest history.csv --season 24
              forecastd backtest history.csv --season auto
              forecastd backtest f.csv --train-rows 0:2880 --validation-rows 2880:3600 --test-rows 3600:14400 --season 24 \
            --horizon 48 --json
              forecastd backtest f.csv --weights plant.safetensors --season 24 --plot f.svg

            With --season auto each column learns its season as the daemon's streams do, and the report says which.

            Without --weights a model is trained first, as train does it, on rows before those to test on. Rows count \
            from 0, without the header. Where no rows are given, the first 20 % are trained on, the next 5 % validated \
            on, the rest tested on. Errors are counted in the deviation of each column over the rows to train on.
            """)

    /// The words for `--adapt`.
    enum Adapt: String, CaseIterable, ExpressibleByArgument { case off, light, full }

    /// The words for `--mix`.
    enum Mix: String, CaseIterable, ExpressibleByArgument { case mlpol, boa }

    @Argument(help: "CSV files of history.", completion: .file(extensions: ["csv"]))
    var data: [String]

    @Option(help: "Use this model instead of training one.", completion: .file(extensions: ["safetensors"]))
    var weights: String?

    @Option(help: "Write a picture (SVG) of errors by horizon and of sample forecasts.", completion: .file())
    var plot: String?

    @Option(help: "Ticks to forecast (24, or the outputs of --weights).")
    var horizon: Int?

    @Option(help: "How much forecasts learn from what came: off, light or full.")
    var adapt = Adapt.full

    @Option(help: "How forecasts are mixed, by their regrets: mlpol or boa.")
    var mix = Mix.mlpol

    @Flag(help: "Let the columns of a file be looked at by each other, as the key related does.")
    var related = false

    @Option(help: "Shares of values that intervals are to hold, divided by commas.")
    var levels = LevelList([0.8, 0.9, 0.95])

    @Option(
        help:
            "With --season auto: the longest season that columns look for, in ticks (\(TimeConfiguration.defaultSeasonLimit))."
    )
    var seasonLimit: Int?

    @Option(help: "Rows of each file to test on, as C:D (those that follow the rows to validate on).")
    var testRows: RowRange?

    @OptionGroup var training: TrainingArguments

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try TrainingArguments.check(data: data)
        guard plot.map({ (data + [weights]).contains($0) }) != true else {
            throw ValidationError("expected different files for the data, --weights and --plot")
        }
        guard !related || adapt != .off else {
            throw ValidationError("--related: only for --adapt light or full")
        }
        if weights != nil, let option = training.fit.given.first {
            throw ValidationError("\(option): only for a model that is trained: --weights names one that is")
        }
        if let seasonLimit {
            guard training.season == .auto else {
                throw ValidationError("--season-limit: only for --season auto")
            }
            try TrainingArguments.check("season-limit", seasonLimit, Adaptation.seasonLimits)
        }
        if let horizon { try TrainingArguments.check("horizon", horizon, 1...512) }
        try TrainingArguments.check("season", training.seasonTicks, 0...100_000)
        let known = [training.trainRows, training.validationRows].compactMap { $0?.rows.upperBound }.max()
        if let test = testRows?.rows, let known, test.lowerBound < known {
            throw ValidationError("--test-rows: expected rows after those to train and validate on")
        }
    }

    func run() async throws {
        let report = try await BacktestRun(
            data: data, weights: weights, plot: plot, training: training.options, testRows: testRows?.rows,
            horizon: horizon, depth: Adaptation.Depth(rawValue: adapt.rawValue),
            seasonLimit: training.season == .auto ? seasonLimit ?? TimeConfiguration.defaultSeasonLimit : 0,
            levels: levels.levels,
            mix: mix == .boa ? .boa : .mlpol, areRelated: related
        ).run()
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
