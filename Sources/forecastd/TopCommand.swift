// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd top`: a running daemon's streams, as they change.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watches the streams of a running daemon in the terminal.",
        discussion: """
            The daemon needs http.bind in its configuration. Keys: arrows choose a stream, enter shows all of it, s and < \
            order by another column, r turns the order round, / filters by words of ids or a status, space pauses, q quits.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Seconds between two looks at the daemon.")
    var interval = 1.0

    func validate() throws {
        try daemon.check()
        guard interval >= 0.1 && interval <= 3600 else {
            throw ValidationError("--interval: expected seconds from 0.1 to 3600, found \(interval)")
        }
    }

    func run() async throws {
        var top = Top(try daemon.query, interval: .seconds(interval))
        try await top.run()
    }
}
