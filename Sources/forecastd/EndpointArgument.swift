// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// An endpoint on the command line: `tcp://host:port` or `ipc:///path`.
enum EndpointArgument {
    /// Refuses what is none.
    static func validate(_ endpoints: [String], option: String, for use: ConfigurationEndpoint.Use) throws {
        for endpoint in endpoints {
            if let problem = ConfigurationEndpoint.problem(with: endpoint, for: use) {
                throw ValidationError("\(option): \(problem)")
            }
        }
    }
}
