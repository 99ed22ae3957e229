// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd model`: what is in a model file.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Looks into model files.", subcommands: [ModelShowCommand.self])
}

/// `forecastd model show FILE`.
struct ModelShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Prints layers, shapes, parameters, digest and metadata of a safetensors model.")

    @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = ModelReport(try ModelFile(path: file))
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
