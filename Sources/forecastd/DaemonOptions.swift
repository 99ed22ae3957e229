// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// Where the running daemon is that a command asks.
struct DaemonOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Ask at the http.bind of this configuration.")
    var config: String?

    @Option(help: "Ask here instead (default: http://127.0.0.1:8080).")
    var url: String?

    /// Refuses two places.
    func check() throws {
        guard url == nil || config == nil else {
            throw ValidationError("--url and --config both say where to ask: give one of them")
        }
    }

    /// The daemon's address.
    var address: String {
        get throws {
            if let url { return url }
            guard let config else { return "http://127.0.0.1:8080" }
            guard let http = try ConfigurationOption.load(path: config).http else {
                throw DaemonError(
                    .configuration,
                    "\(config): expected http: {bind: \"127.0.0.1:8080\"} or the like, found no http")
            }
            return "http://\(http.authority)"
        }
    }
}
