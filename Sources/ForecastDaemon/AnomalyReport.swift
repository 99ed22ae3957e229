// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of what a rule takes for an anomaly.
struct AnomalyReport: Sendable, Encodable {
    /// `both`, `above` or `below`.
    var direction: String
    /// In the stream's unit.
    var minimumDeviation: Double
    /// In ticks.
    var debounce: Int
    /// The share of the values that may score above 1 by chance.
    var falseAlarms: Double

    enum CodingKeys: String, CodingKey {
        case direction, debounce
        case minimumDeviation = "minimum_deviation"
        case falseAlarms = "false_alarms"
    }

    init(_ policy: AnomalyPolicy) {
        direction = policy.direction.rawValue
        minimumDeviation = policy.minimumDeviation
        debounce = policy.debounce
        falseAlarms = policy.falseAlarms
    }

    /// The figures as a line.
    var text: String {
        let side = direction == "both" ? "" : " \(direction)"
        let least = minimumDeviation > 0 ? ", by at least \(minimumDeviation)" : ""
        return "anomalies\(side)\(least), \(falseAlarms) by chance, alarm after \(debounce) ticks"
    }
}
