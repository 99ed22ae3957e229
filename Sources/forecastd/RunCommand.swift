// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd run`: the daemon in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the daemon until SIGTERM or Ctrl-C.",
        discussion: """
            A second signal ends it at once, without draining what has arrived. SIGHUP lets it read models and rules of the \
            configuration again, as `forecastd reload` does.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Go on where parts of the kept state are destroyed, without what was in them.")
    var acceptLoss = false

    func run() async throws {
        let configuration = try file.load()
        let prepared = try PreparedDaemon(configuration)
        try await prepared.run(path: file.path, acceptsLoss: acceptLoss)
    }
}
