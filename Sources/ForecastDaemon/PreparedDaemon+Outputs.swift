// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

extension PreparedDaemon {
    /// What names the model of each rule in forecasts.
    var labels: [RuleLabels] {
        forecasts.rules.map {
            RuleLabels(
                model: forecasts.models[$0.model].name, revision: forecasts.models[$0.model].revision,
                levels: $0.adaptation?.levels ?? [])
        }
    }

    /// What an output keeps of what it has published; nil for nothing.
    func keeping(_ output: OutputConfiguration) -> OutputKeeping? {
        guard output.lastValue || output.replay != nil else { return nil }
        return OutputKeeping(
            isRepeated: output.lastValue,
            replay: output.replay.map { OutputKeeping.Replay(bind: $0.bind, byteCount: $0.limit) },
            topicsLimit: forecasts.streamsLimit * (output.anomalies == .also ? 2 : 1),
            longestPayload: longestPayload)
    }

    /// No forecast is written in more bytes.
    private var longestPayload: Int {
        ForecastEncoder.maximumLength(
            rules: labels, maximumHorizon: forecasts.rules.map(\.horizon).max() ?? 1)
    }

    /// The logs of forecasts have room for the longest.
    func checkReplays() throws(DaemonError) {
        let least = ReplayLog.leastByteCount(longestPayload: longestPayload)
        for output in configuration.outputs {
            guard let limit = output.replay?.limit, limit < least else { continue }
            throw DaemonError(
                .configuration,
                "outputs.\(output.name).replay.limit: expected at least \((least >> 20) + 1)MiB, four times the longest "
                    + "forecast of these rules, found \(ConfigurationUnits.text(limit, units: ConfigurationUnits.sizes))"
            )
        }
    }
}
