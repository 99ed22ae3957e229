// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

extension RuleDifference {
    /// The keys of a rule that differ, as the configuration has them.
    package var keys: [String] {
        let names: [(RuleDifference, String)] = [
            (.model, "model"), (.every, "every"), (.aggregate, "aggregate"), (.lateness, "lateness"),
            (.late, "late"), (.gaps, "gaps"), (.windowLength, "window_length"), (.season, "season"),
            (.values, "values"), (.scaling, "scale"), (.horizon, "horizon"), (.levels, "levels"),
            (.adaptation, "adapt"), (.anomalies, "anomaly"),
        ]
        return names.filter { contains($0.0) }.map(\.1)
    }
}
