// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `--config FILE`, the same for all commands that read the configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(name: [.customLong("config"), .customShort("c")], help: "The configuration file.")
    var path = "/etc/forecastd/forecastd.yaml"

    /// Reads the file.
    func load() throws(DaemonError) -> DaemonConfiguration { try Self.load(path: path) }

    /// Reads the file at `path`.
    static func load(path: String) throws(DaemonError) -> DaemonConfiguration {
        do { return try DaemonConfiguration.load(path: path) } catch { throw DaemonError(error) }
    }
}
