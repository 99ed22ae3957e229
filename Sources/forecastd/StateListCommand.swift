// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd state ls`.
struct StateListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists what a state directory holds: snapshots, journal, streams.",
        discussion: """
            The daemon must not run. Examples:

              forecastd state ls --config /etc/forecastd/forecastd.yaml --streams 'plant.*'
              forecastd state ls --directory /var/lib/forecastd
            """)

    @Option(name: .shortAndLong, help: "The configuration: its state directory, and with it the streams.")
    var config: String?

    @Option(help: "The state directory; without --config its files alone are listed.")
    var directory: String?

    @Option(help: "List the streams whose ids match as well; * is any run of characters, ? is one.")
    var streams: IdentifierPattern?

    @Flag(help: "Print JSON, one object.")
    var json = false

    func validate() throws {
        guard config != nil || directory != nil else {
            throw ValidationError("expected --config FILE or --directory DIRECTORY")
        }
        guard streams == nil || config != nil else {
            throw ValidationError(
                "--streams: expected --config with it, which says what streams' states mean")
        }
    }

    func run() throws {
        let listing =
            if let config {
                try StoredState(
                    try PreparedDaemon(try ConfigurationOption.load(path: config)), directory: directory
                ).listing(streams: streams?.glob)
            } else {
                try StateListing(directory: directory ?? "")
            }
        try StandardOutput.writeLine(json ? try listing.jsonText() : listing.text)
    }
}
