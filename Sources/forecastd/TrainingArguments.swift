// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Training

/// On which rows, in which season and how a model is trained: the options that `train` and `backtest` share.
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

    @Option(help: "The half-life in ticks of the rolling scale (2 seasons; without --season, 600).")
    var halfLife: Double?

    @OptionGroup var fit: FitArguments

    func validate() throws {
        guard seasonTicks == 0 || (2...1_000_000).contains(seasonTicks) else {
            throw ValidationError("--season: expected 2 to 1000000, or 0 for none, found \(seasonTicks)")
        }
        if let halfLife, !(1...1e9).contains(halfLife) {
            throw ValidationError("--half-life: expected ticks from 1 to 1e9, found \(halfLife)")
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

    /// Checks that there are files of history, each named once.
    static func check(data: [String]) throws {
        guard !data.isEmpty else { throw ValidationError("expected a CSV file of history") }
        var known: Set<String> = []
        for path in data where !known.insert(URL(filePath: path).standardizedFileURL.path).inserted {
            throw ValidationError("expected each file of history once, found \(path) again")
        }
    }

    /// The training that is asked for, but for its horizon.
    var options: TrainingOptions {
        var options = fit.options
        (options.season, options.halfLife) = (seasonTicks == 0 ? nil : seasonTicks, halfLife)
        (options.trainingRows, options.validationRows) = (trainRows?.rows, validationRows?.rows)
        return options
    }
}
