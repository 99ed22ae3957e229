// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Monitoring

/// Where the running daemon is that a command asks.
struct DaemonOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Ask at the http.bind of this configuration.")
    var config: String?

    @Option(help: "Ask here instead (default: http://127.0.0.1:8080).")
    var url: String?

    @Option(help: "The file of the token that the daemon asks for (default: the http.token of --config).")
    var token: String?

    /// Refuses two places.
    func check() throws {
        guard url == nil || config == nil else {
            throw ValidationError("--url and --config both say where to ask: give one of them")
        }
    }

    /// Where and how to ask.
    var query: StateQuery {
        get throws {
            var url = url ?? "http://127.0.0.1:8080"
            var bearer = try token.map { path throws(DaemonError) in
                try BearerToken(file: path, key: "--token")
            }
            if let config {
                guard let http = try ConfigurationOption.load(path: config).http else {
                    throw DaemonError(
                        .configuration,
                        "\(config): expected http: {bind: \"127.0.0.1:8080\"} or the like, found no http")
                }
                url = "http://\(http.authority)"
                if bearer == nil { bearer = try BearerToken(http) }
            }
            return try StateQuery(url: url, token: bearer)
        }
    }
}
