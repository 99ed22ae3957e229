// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationXML
import Testing

/// `forecastd backtest`, from files to what is printed.
struct BacktestTests {
    struct Report: Decodable {
        struct File: Decodable { var train_rows, validation_rows, test_rows: String }
        struct Model: Decodable {
            var file: String?
            var hidden_size: Int
            var scale: String
        }
        struct Errors: Decodable { var mse, mae: Double }
        struct Interval: Decodable { var level, coverage, winkler: Double }
        struct Figures: Decodable {
            var from, to, origins: Int
            var mse, mae: Double
            var persistence, frozen: Errors
            var seasonal_naive: Errors?
            var intervals: [Interval]
        }
        struct Column: Decodable {
            var name: String?
            var season: Int?
            var averages, horizons: [Figures]
        }
        var files: [File]
        var notes: [String]
        var model: Model
        var adapt: String
        var mix: String?
        var related: Bool
        var season, horizon: Int
        var all: Column
        var columns: [Column]
        var values: Int
        var values_per_second: Double
    }

    static let small = [
        "--hidden", "6", "--window", "30", "--batch", "16", "--iterations", "60", "--validate-every", "20",
    ]

    static func run(_ arguments: [String], in directory: TemporaryDirectory) throws -> (
        report: Report, errors: String
    ) {
        let ended = try DaemonProcess.run(["backtest"] + arguments + ["--json"], in: directory)
        #expect(ended.status == 0, "\(ended.errors)")
        return (try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8)), ended.errors)
    }

    @Test func aModelIsTrainedAndTheRowsAfterItAreForecast() throws {
        let directory = try TrainTests.folder()
        let arguments =
            ["f.csv", "--train-rows", "0:130", "--validation-rows", "130:200", "--test-rows", "200:380"]
            + ["--season", "20", "--horizon", "30", "--plot", "p.svg"] + Self.small
        let (report, errors) = try Self.run(arguments, in: directory)
        #expect(errors.isEmpty)
        #expect(report.notes == ["f.csv: column \"state\" is left out: line 2 has \"on\""])
        #expect(report.model.file == nil && report.model.hidden_size == 6)
        #expect(report.model.scale == "rolling (half-life 40 ticks)")
        #expect(
            report.adapt == "full" && report.mix == "mlpol" && !report.related && report.season == 20
                && report.horizon == 30)
        #expect(report.columns.map(\.name) == ["wave", "saw <&>"] && report.values == 760)
        #expect(report.values_per_second > 0)
        for column in report.columns + [report.all] {
            #expect(
                column.averages.map { [$0.from, $0.to, $0.origins] } == [
                    [1, 1, 180], [1, 24, 157], [1, 30, 151],
                ])
            #expect(column.horizons.map(\.from) == Array(1...30))
            for figures in column.averages {
                #expect(figures.mse < figures.persistence.mse && figures.mae < figures.persistence.mae)
            }
            for figures in column.averages + column.horizons {
                #expect(figures.intervals.map(\.level) == [0.8, 0.9, 0.95])
                #expect(figures.seasonal_naive != nil)
            }
        }
        // The saw comes again after 10 rows, so that the season before says all.
        #expect(report.columns[1].averages[0].seasonal_naive?.mse == 0)

        let parser = XMLParser(data: try Data(contentsOf: directory.url.appending(path: "p.svg")))
        #expect(parser.parse(), "\(String(describing: parser.parserError))")

        let trained = try DaemonProcess.run(
            ["train", "f.csv", "--train-rows", "0:130", "--validation-rows", "130:200", "--season", "20"]
                + ["--horizon", "30", "--out", "m.safetensors"] + Self.small, in: directory)
        #expect(trained.status == 0, "\(trained.errors)")
        // The model that `train` makes of the same rows, read from its file, is the same.
        let (again, _) = try Self.run(
            ["f.csv", "--weights", "m.safetensors", "--train-rows", "0:130", "--test-rows", "200:380"]
                + ["--season", "20"], in: directory)
        #expect(again.model.file == "m.safetensors" && again.horizon == 30)
        #expect(again.all.averages.map(\.mse) == report.all.averages.map(\.mse))
        #expect(again.all.averages.map(\.frozen.mse) == report.all.averages.map(\.frozen.mse))
    }

    /// Both columns come again after as many rows as the report says.
    @Test func aSeasonIsLearned() throws {
        let model = DaemonProcess.root.appending(path: "config/models/general.safetensors").path
        let arguments = ["f.csv", "--weights", model, "--season", "auto", "--test-rows", "200:380"]
        let (report, _) = try Self.run(arguments, in: try TrainTests.folder())
        #expect(report.season == 0 && report.columns.map(\.season) == [19, 10])
        #expect(report.columns.allSatisfy { $0.averages[0].seasonal_naive == nil })
    }

    @Test func withoutRowsTheyAreDividedAndThatIsSaid() throws {
        let directory = try TrainTests.folder()
        let model = DaemonProcess.root.appending(path: "config/models/general.safetensors").path
        let arguments = [
            "f.csv", "--weights", model, "--adapt", "light", "--mix", "boa", "--related", "--levels", "0.5",
        ]
        let (report, errors) = try Self.run(arguments, in: directory)
        #expect(
            errors
                == "backtest: f.csv: no rows were named: 0:80 are for training, 80:100 for validation, 100:400 "
                + "for the test\n")
        #expect(report.files[0].test_rows == "100:400" && report.season == 0 && report.horizon == 24)
        #expect(report.mix == "boa" && report.related)
        #expect(report.all.averages.map(\.to) == [1, 24])
        #expect(
            report.all.averages.allSatisfy { $0.seasonal_naive == nil && $0.intervals.map(\.level) == [0.5] })

        let shown = try DaemonProcess.run(["backtest"] + arguments, in: directory)
        let lines = shown.output.split(separator: "\n")
        #expect(shown.status == 0 && lines[0].hasPrefix("note: f.csv: column \"state\""))
        for beginning in ["horizon", "1 ", "24 ", "1…24 ", "wave ", "saw <&> "] {
            #expect(lines.contains { $0.hasPrefix(beginning) }, "\(beginning)")
        }
        #expect(lines.last?.contains("800 values in") == true)
    }

    @Test func withoutAdaptationTheModelIsLeftAlone() throws {
        let directory = try TrainTests.folder()
        let model = DaemonProcess.root.appending(path: "config/models/general.safetensors").path
        let (report, _) = try Self.run(["f.csv", "--weights", model, "--adapt", "off"], in: directory)
        #expect(report.mix == nil)
        for figures in report.all.averages + report.all.horizons {
            #expect(figures.intervals.isEmpty && figures.mse == figures.frozen.mse)
        }
    }

    /// What stands behind `backtest`, the exit status, and what is said.
    static let problems: [(arguments: String, status: Int32, sentence: String)] = [
        ("g.csv", 66, "g.csv: cannot open the file: No such file or directory"),
        ("header.csv", 65, "header.csv: expected a column of numbers, found none"),
        ("texts.csv", 65, "texts.csv: expected a column of numbers, found none"),
        ("f.csv --plot a/p", 73, "a/p: cannot write to a: No such file or directory"),
        ("f.csv --weights m", 66, "m: cannot open the model file: No such file or directory"),
        (
            "f.csv --test-rows 300:401", 65,
            "f.csv: expected 401 rows or more, for --test-rows 300:401, found 400"
        ),
        (
            "f.csv --train-rows 0:300 --validation-rows 300:400", 65,
            "f.csv: expected 24 rows or more to test on, as many as the horizon, found 0 (400:400 of 400)"
        ),
        (
            "f.csv --test-rows 300:310", 65,
            "f.csv: expected 24 rows or more to test on, as many as the horizon, found 10 (300:310 of 400)"
        ),
        (
            "f.csv --train-rows 0:100 --test-rows 300:400", 65,
            "f.csv: expected a series with 168 values in a row (window 144, horizon 24) among the rows to "
                + "train on, found none: name other rows, take a shorter window or horizon, or a longer history"
        ),
    ]

    @Test(arguments: problems)
    func whatIsWrongIsSaidInOneSentence(arguments: String, status: Int32, sentence: String) throws {
        let directory = try TrainTests.folder()
        for (name, text) in [("header.csv", "t,a\n"), ("texts.csv", "t,a\n1,x\n2,y\n")] {
            try text.write(to: directory.url.appending(path: name), atomically: false, encoding: .utf8)
        }
        let ended = try DaemonProcess.run(Self.words(arguments), in: directory)
        #expect(ended.status == status && ended.output.isEmpty)
        #expect(ended.errors == "forecastd: \(sentence)\n")
    }

    static let mistakes: [(arguments: String, sentence: String)] = [
        ("", "Missing expected argument '<data> ...'"),
        ("f.csv --plot f.csv", "expected different files for the data, --weights and --plot"),
        ("f.csv --adapt off --related", "--related: only for --adapt light or full"),
        ("f.csv --horizon 513", "--horizon: expected 1 to 512, found 513"),
        ("f.csv --season day", "The value 'day' is invalid for '--season <season>'"),
        ("f.csv --season auto --season-limit 2", "--season-limit: expected 4 to 4096, found 2"),
        ("f.csv --season 1", "--season: expected 2 to 1000000, or 0 for none, found 1"),
        ("f.csv --season 100001", "--season: expected 0 to 100000, found 100001"),
        ("f.csv --test-rows 9:9", "The value '9:9' is invalid for '--test-rows <test-rows>'"),
        ("f.csv --levels 0.9,1", "The value '0.9,1' is invalid for '--levels <levels>'"),
        ("f.csv --levels 0.9,0.9", "The value '0.9,0.9' is invalid for '--levels <levels>'"),
        ("f.csv --hidden 0", "--hidden: expected 1 to 1024, found 0"),
        ("f.csv --season-limit 30", "--season-limit: only for --season auto"),
        ("f.csv ./f.csv", "expected each file of history once, found ./f.csv again"),
        (
            "f.csv --weights m --seed 3 --patience 2",
            "--patience: only for a model that is trained: --weights names one that is"
        ),
        (
            "f.csv --weights m --stateful",
            "--stateful: only for a model that is trained: --weights names one that is"
        ),
        (
            "f.csv --train-rows 0:50 --test-rows 49:60",
            "--test-rows: expected rows after those to train and validate on"
        ),
    ]

    @Test(arguments: mistakes)
    func aWrongCommandLineIsRefused(arguments: String, sentence: String) throws {
        let ended = try DaemonProcess.run(Self.words(arguments), in: TemporaryDirectory())
        #expect(ended.status == 64 && ended.output.isEmpty)
        #expect(ended.errors.split(separator: "\n").first == "Error: \(sentence)")
    }

    @Test func qualityWithoutItsDataSaysWhereTheyAre() throws {
        let directory = try TemporaryDirectory()
        let script = DaemonProcess.root.appending(path: "Benchmarks/quality.py").path
        let command = try CommandProcess([script, "--data", directory.url.path], program: "/usr/bin/python3")
        let errors = try command.errorRest()
        #expect(try command.end() == 1)
        #expect(
            errors.first
                == "quality: expected ETTh2.csv and ETTm1-first-14400.csv in \(directory.url.path), found none."
        )
        #expect(errors.last == "put them into a folder and run: make quality DATA=folder")
    }

    private static func words(_ arguments: String) -> [String] {
        ["backtest"] + arguments.split(separator: " ").map(String.init)
    }
}
