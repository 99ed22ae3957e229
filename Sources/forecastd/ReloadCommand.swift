// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd reload`: lets the running daemon read models and rules again.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Lets a running daemon put changed models and rules in force, without a restart.",
        discussion: """
            The daemon reads its own configuration file again. Whatever is wrong with it, the daemon goes on as it was, and \
            this command exits as check would. It talks to the daemon over its control socket: that of --control, of the \
            configuration's control.path, of RUNTIME_DIRECTORY, or /run/forecastd/control. Examples:

              forecastd reload --plan
              forecastd reload
            """)

    @Flag(help: "Only say what would change, stream by stream.")
    var plan = false

    @Option(name: .shortAndLong, help: "Talk to the daemon of this configuration, by its control.path.")
    var config: String?

    @Option(help: "Talk to the daemon over this socket instead.")
    var control: String?

    @Flag(help: "Print one JSON object, with all streams for --plan.")
    var json = false

    func validate() throws {
        guard control == nil || config == nil else {
            throw ValidationError("--control and --config both say where the daemon is: give one of them")
        }
    }

    func run() throws {
        let configuration = try config.map { path throws(DaemonError) in
            try ConfigurationOption.load(path: path)
        }
        let client = try ControlClient(
            path: control, configuration: configuration, environment: ProcessEnvironment.variable)
        let report = try client.reload(isPlan: plan)
        try StandardOutput.writeLine(json ? try report.jsonText() : report.text)
    }
}
