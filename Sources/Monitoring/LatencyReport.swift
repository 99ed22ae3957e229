// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension DaemonReport {
    /// Durations, in seconds, each off by at most a quarter.
    package struct Percentiles: Codable, Sendable, Equatable {
        /// What half of them, and 99 in 100 of them, do not exceed; the longest.
        package var p50, p99, most: Double

        /// Makes an account.
        package init(p50: Double, p99: Double, most: Double) {
            (self.p50, self.p99, self.most) = (p50, p99, most)
        }
    }

    /// How long the pipelines' turns took over the last seconds; what did not happen is left out.
    package struct Latency: Codable, Sendable, Equatable {
        /// How much of a turn it took to receive, decode, route and make ticks; to step; to write and hand over.
        package var receive, step, publish: Percentiles?
        /// Whole turns.
        package var turn: Percentiles?
        /// From the begin of the turn that took in a value until its forecast was handed over.
        package var forecast: Percentiles?
        /// The share of turns that took in as many messages as a turn may: near 1, more wait than are taken.
        package var fullTurns: Double

        /// Makes an account.
        package init(
            receive: Percentiles?, step: Percentiles?, publish: Percentiles?, turn: Percentiles?,
            forecast: Percentiles?, fullTurns: Double
        ) {
            (self.receive, self.step, self.publish) = (receive, step, publish)
            (self.turn, self.forecast, self.fullTurns) = (turn, forecast, fullTurns)
        }

        private enum CodingKeys: String, CodingKey {
            case receive, step, publish, turn, forecast
            case fullTurns = "full_turns"
        }
    }
}
