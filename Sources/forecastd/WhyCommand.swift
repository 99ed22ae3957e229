// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd why STREAM`: what a running daemon decided for a stream of late.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says what a running daemon decided for a stream of late, and by which key.",
        discussion: """
            Values dropped or late, gaps filled, resets, new time lines, silence, state on disk and back, reloads: the \
            last 16, the newest last; what is decided again within a minute is counted in one line. Times are UTC. The \
            daemon needs http.bind in its configuration, and remembers no decision of an earlier life but those that the \
            journal makes it take again. Examples:

              forecastd why plant.a.temp --config /etc/forecastd/forecastd.yaml
              forecastd why plant.a.temp --json | jq '.decisions[].key'
            """)

    @Argument(help: "The id of a stream, of one that no rule matches as well.")
    var stream: String

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Print JSON, one object.")
    var json = false

    func validate() throws { try daemon.check() }

    func run() async throws {
        let report = try await daemon.query.decisions(stream)
        try StandardOutput.writeLine(json ? try report.jsonText() : DecisionView.page(report))
    }
}
