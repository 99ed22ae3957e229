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

/// `forecastd state show [STREAM]`.
struct StateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the streams of a running daemon, or all that is known of one.",
        discussion: """
            The daemon needs http.bind in its configuration. Examples:

              forecastd state show --match 'plant.*'
              forecastd state show plant.a.temp --config /etc/forecastd/forecastd.yaml
            """)

    @Argument(help: "The id of a stream; without it, all are listed.")
    var stream: String?

    @Option(name: .shortAndLong, help: "Ask at the http.bind of this configuration.")
    var config: String?

    @Option(help: "Ask here instead (default: http://127.0.0.1:8080).")
    var url: String?

    @Option(help: "List only streams whose ids match; * is any run of characters, ? is one.")
    var match: String?

    @Flag(help: "Print JSON: one object per stream, a line each.")
    var json = false

    func validate() throws {
        guard url == nil || config == nil else {
            throw ValidationError("--url and --config both say where to ask: give one of them")
        }
        guard stream == nil || match == nil else {
            throw ValidationError("--match is for the list of streams: leave it out with the id of one")
        }
    }

    func run() async throws {
        let query = try StateQuery(url: try url ?? config.map(Self.url) ?? "http://127.0.0.1:8080")
        if let stream {
            let report = try await query.stream(stream)
            try StandardOutput.writeLine(json ? try report.jsonText() : StateView.page(report))
        } else {
            let reports = try await query.streams(match: match)
            if json {
                for report in reports { try StandardOutput.writeLine(try report.jsonText()) }
            } else {
                try StandardOutput.writeLine(StateView.table(reports))
            }
        }
    }

    private static func url(config: String) throws -> String {
        guard let http = try ConfigurationOption.load(path: config).http else {
            throw DaemonError(
                .configuration,
                "\(config): expected http: {bind: \"127.0.0.1:8080\"} or the like, found no http")
        }
        return "http://\(http.authority)"
    }
}
