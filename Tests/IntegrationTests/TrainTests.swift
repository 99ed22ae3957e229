// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationXML
import Testing

/// `forecastd train`, from files to files.
struct TrainTests {
    struct Report: Decodable {
        struct Losses: Decodable {
            var iteration: Int
            var training: Double
            var validation: Double
        }
        var file: String
        var plot: String?
        var series: Int
        var notes: [String]
        var iterations: Int
        var best: Losses
        var persistence_loss: Double
        var history: [Losses]
    }

    struct Model: Decodable {
        var hidden_size: Int
        var layers: Int
        var outputs: Int
        var metadata: [String: String]
    }

    /// A folder with two series in `f.csv`, 400 rows, and a column of text.
    static func folder() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let rows = (0..<400).map { row in
            let (wave, jump) = (sin(Double(row) / 3), Double(row % 10))
            return "2026-11-\(1 + row / 24 % 28) \(row % 24):00,\(20 + wave),\(jump),on"
        }
        let text = (["date,wave,saw <&>,state"] + rows).joined(separator: "\n") + "\n"
        try text.write(to: directory.url.appending(path: "f.csv"), atomically: false, encoding: .utf8)
        return directory
    }

    static let small = [
        "train", "f.csv", "--out", "m.safetensors", "--hidden", "6", "--layers", "2", "--horizon", "5",
        "--window", "30", "--batch", "16", "--iterations", "60", "--validate-every", "20",
    ]

    @Test func aModelComesOutThatTheDaemonRuns() throws {
        let directory = try Self.folder()
        let arguments = Self.small + ["--season", "20", "--learning-rate", "0.02"]
        let ended = try DaemonProcess.run(arguments + ["--plot", "p.svg", "--json"], in: directory)
        #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8))
        #expect(report.file == "m.safetensors" && report.plot == "p.svg" && report.series == 2)
        #expect(report.notes == ["f.csv: column \"state\" is left out: line 2 has \"on\""])
        #expect(report.iterations == 60 && report.history.map(\.iteration) == [20, 40, 60])
        #expect(report.best.validation == report.history.map(\.validation).min())
        #expect(report.best.validation < report.persistence_loss)

        let shown = try DaemonProcess.run(["model", "show", "m.safetensors", "--json"], in: directory)
        let model = try JSONDecoder().decode(Model.self, from: Data(shown.output.utf8))
        #expect(model.hidden_size == 6 && model.layers == 2 && model.outputs == 5)
        for (key, value) in [
            "target": "difference", "half_life": "40.0", "season": "20", "horizon": "5", "window": "30",
        ] { #expect(model.metadata[key] == value) }
        try Self.checkPicture(directory.url.appending(path: "p.svg"))

        // Another loss, and states that are carried: other weights, and the file says why.
        let other = ["--huber-delta", "0.5", "--scaled-errors", "--stateful"]
        let huber = try DaemonProcess.run(
            Self.small.map { $0 == "m.safetensors" ? "h's.safetensors" : $0 } + other, in: directory)
        #expect(huber.status == 0 && huber.errors.isEmpty, "\(huber.errors)")
        try Self.checkRule(huber.output, in: directory)
        let shownHuber = try DaemonProcess.run(["model", "show", "h's.safetensors", "--json"], in: directory)
        let metadata = try JSONDecoder().decode(Model.self, from: Data(shownHuber.output.utf8)).metadata
        for (key, value) in ["huber_delta": "0.5", "scaled_errors": "true", "stateful": "true"] {
            #expect(metadata[key] == value && model.metadata[key] == nil)
        }

        // Again: the same weights, said in words.
        let first = try Data(contentsOf: directory.url.appending(path: "m.safetensors"))
        let again = try DaemonProcess.run(arguments, in: directory)
        #expect(
            again.output.hasPrefix("note: f.csv: column \"state\"")
                && again.output.contains("\nmodel: m.safetensors\n"))
        #expect(try Self.checkRule(again.output, in: directory).contains("half-life 40"))
        #expect(try Data(contentsOf: directory.url.appending(path: "m.safetensors")) == first)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
        #expect(names.sorted() == ["f.csv", "f.yaml", "h's.safetensors", "m.safetensors", "p.svg"])
    }

    private static func checkPicture(_ url: URL) throws {
        final class Texts: NSObject, XMLParserDelegate {
            var found: [String] = []
            func parser(_ parser: XMLParser, foundCharacters string: String) { found.append(string) }
        }
        let (parser, texts) = (XMLParser(data: try Data(contentsOf: url)), Texts())
        parser.delegate = texts
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        let text = texts.found.joined()
        for word in ["validation", "persistence", "forecast", "wave", "saw <&>"] {
            #expect(text.contains(word), "\(word)")
        }
    }

    /// What is said to be written into a configuration is right there; returns what `check` says of it.
    @discardableResult
    private static func checkRule(_ output: String, in directory: TemporaryDirectory) throws -> String {
        let sockets = """
            inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:9"], format: text}}
            outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:10"]}}
            """
        let lines = output.split(separator: "\n")
        let rule = lines.drop { $0 != "in a configuration of this folder:" }.dropFirst().map {
            $0.dropFirst(2)
        }
        #expect(rule.count == 2)
        try ([sockets[...]] + rule).joined(separator: "\n")
            .write(to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
        let checked = try DaemonProcess.run(["check", "--config", "f.yaml"], in: directory)
        #expect(checked.status == 0, "\(checked)")
        return checked.output
    }

    /// What stands behind `train`, the exit status, and what is said.
    static let problems: [(arguments: String, status: Int32, sentence: String)] = [
        ("g.csv --out m", 66, "g.csv: cannot open the file: No such file or directory"),
        (". --out m", 66, ".: cannot read the file: Is a directory"),
        ("f.csv --out .", 73, ".: expected the path of a file, found something that is not one"),
        ("f.csv --out a/m", 73, "a/m: cannot write to a: No such file or directory"),
        ("f.csv --out m --plot f.csv/p", 73, "f.csv/p: expected a folder, found that f.csv is none"),
        (
            "f.csv --out m --train-rows 0:300 --validation-rows 300:401", 65,
            "f.csv: expected 401 rows or more, for --validation-rows 300:401, found 400"
        ),
        (
            "f.csv --out m", 65,
            "f.csv: expected a series with 168 values in a row (window 144, horizon 24) among the rows to "
                + "validate on, found none: name other rows, take a shorter window or horizon, or a longer history"
        ),
    ]

    @Test(arguments: problems)
    func whatIsWrongIsSaidInOneSentence(arguments: String, status: Int32, sentence: String) throws {
        let directory = try Self.folder()
        let ended = try DaemonProcess.run(Self.words(arguments), in: directory)
        #expect(ended.status == status && ended.output.isEmpty)
        #expect(ended.errors == "forecastd: \(sentence)\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["f.csv"])
    }

    static let mistakes: [(arguments: String, sentence: String)] = [
        ("--out m", "Missing expected argument '<data> ...'"),
        ("f.csv", "Missing expected argument '--out <out>'"),
        ("f.csv --out f.csv", "expected different files for the data, --out and --plot"),
        ("f.csv --out m --plot m", "expected different files for the data, --out and --plot"),
        ("f.csv --out m --season auto", "--season: expected a number of ticks: auto is for backtest alone"),
        ("f.csv f.csv --out m", "expected each file of history once, found f.csv again"),
        ("f.csv --out m --huber-delta 0", "--huber-delta: expected 0.001 to 1000, found 0.0"),
        ("f.csv --out m --hidden 0", "--hidden: expected 1 to 1024, found 0"),
        ("f.csv --out m --train-rows 5:5", "The value '5:5' is invalid for '--train-rows <train-rows>'"),
        (
            "f.csv --out m --train-rows 0:50 --validation-rows 40:60",
            "--validation-rows: expected none of those to train on"
        ),
        ("f.csv --out m --half-life 0.5", "--half-life: expected ticks from 1 to 1e9, found 0.5"),
        (
            "f.csv --out m --learning-rate nan",
            "--learning-rate: expected above 0 and at most 1, found nan"
        ),
    ]

    @Test(arguments: mistakes)
    func aWrongCommandLineIsRefused(arguments: String, sentence: String) throws {
        let ended = try DaemonProcess.run(Self.words(arguments), in: TemporaryDirectory())
        #expect(ended.status == 64 && ended.output.isEmpty)
        #expect(ended.errors.split(separator: "\n").first == "Error: \(sentence)")
    }

    private static func words(_ arguments: String) -> [String] {
        ["train"] + arguments.split(separator: " ").map(String.init)
    }
}
