// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Monitoring

/// `forecastd check`: whether the daemon could run, and what it would do.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks configuration and models, and says what is in force for each rule.",
        discussion: """
            Opens no sockets. Exits with 78 if the configuration is wrong, 65 or 66 if a model is, 66 or 77 if a key file cannot \
            be used.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let configuration = try file.load()
        let keys = try SocketKeys(configuration)
        if let http = configuration.http { _ = try BearerToken(http) }
        let report = CheckReport(try PreparedDaemon(configuration), keys: keys)
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
