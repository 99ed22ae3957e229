// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Glibc

@main
struct Forecastd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecastd",
        abstract: "Forecasts streams of sensor values as they come, with one stateful LSTM per stream.",
        discussion: """
            Values come in over ZeroMQ, forecasts go out over ZeroMQ. Begin with

              forecastd check --config /etc/forecastd/forecastd.yaml
              forecastd run --config /etc/forecastd/forecastd.yaml
              forecastd tap --config /etc/forecastd/forecastd.yaml
            """,
        version: VersionReport.version,
        subcommands: [
            RunCommand.self, CheckCommand.self, ReloadCommand.self, GenerateCommand.self, SendCommand.self,
            TapCommand.self, TopCommand.self, WhyCommand.self, StateCommand.self, RecordCommand.self,
            ReplayCommand.self, TrainCommand.self, BacktestCommand.self, ModelCommand.self, BenchCommand.self,
            KeygenCommand.self, VersionCommand.self,
        ])

    static func main() async {
        // A reader that goes away (`| head`) is a write error, not the end of the process without a word.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as DaemonError {
            StandardError.writeError(error)
            Glibc.exit(error.status.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
