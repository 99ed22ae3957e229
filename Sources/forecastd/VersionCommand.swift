// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd version`: what is running.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the versions of forecastd and of what it stands on.")

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = VersionReport()
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
