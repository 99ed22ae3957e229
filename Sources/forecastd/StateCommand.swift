// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd state`: what a running daemon knows of its streams, and what a daemon that does not run has kept of them.
struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Shows and changes streams' states.",
        subcommands: [
            StateShowCommand.self, StateListCommand.self, StateExportCommand.self, StateImportCommand.self,
            StateResetCommand.self, StateRevertCommand.self,
        ])
}

/// `forecastd state show [STREAM | PATTERN]`.
struct StateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the streams of a running daemon, or all that is known of one.",
        discussion: """
            The daemon needs http.bind in its configuration. Examples:

              forecastd state show 'plant.*'
              forecastd state show plant.a.temp --config /etc/forecastd/forecastd.yaml
            """)

    @Argument(help: "The id of a stream, or a pattern as of --match; without it, all are listed.")
    var stream: String?

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "List only streams whose ids match; * is any run of characters, ? is one.")
    var match: String?

    @Flag(help: "Print JSON: one object per stream, a line each.")
    var json = false

    func validate() throws {
        try daemon.check()
        guard stream == nil || match == nil else {
            throw ValidationError("--match is for the list of streams: leave it out with the id of one")
        }
    }

    func run() async throws {
        let query = try daemon.query
        // No id has a star or a question mark.
        let pattern = match ?? stream.flatMap { $0.contains { "*?".contains($0) } ? $0 : nil }
        if let stream, pattern == nil {
            let report = try await query.stream(stream)
            try StandardOutput.writeLine(json ? try report.jsonText() : StateView.page(report))
        } else {
            let reports = try await query.streams(match: pattern)
            if json {
                for report in reports { try StandardOutput.writeLine(try report.jsonText()) }
            } else {
                try StandardOutput.writeLine(StateView.table(reports))
            }
        }
    }
}
