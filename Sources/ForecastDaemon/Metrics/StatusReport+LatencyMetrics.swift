// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring

// How long things take.
extension StatusReport {
    var latencyMetrics: [MetricFamily] {
        var stages = MetricFamily(
            "forecastd_stage_duration_seconds", .histogram,
            "How much of a turn a stage took: receive (to decode, route and make ticks), step, publish.")
        for (stage, histogram) in zip(TurnLatencies.Stage.allCases, latencies.stages) {
            stages.add(histogram, ["stage": stage.rawValue])
        }
        var turns = MetricFamily(
            "forecastd_turn_duration_seconds", .histogram, "How long the pipelines' turns took.")
        turns.add(latencies.turns)
        var forecasts = MetricFamily(
            "forecastd_forecast_latency_seconds", .histogram,
            "From the begin of the turn that takes in a value until its forecast is handed over.")
        forecasts.add(latencies.forecasts)
        let full = MetricFamily(
            "forecastd_full_turns_total", .counter,
            "Turns that took in as many messages as a turn may: more may have been waiting.",
            Double(latencies.fullTurns))
        return [stages, turns, forecasts, full]
    }
}

extension MetricFamily {
    fileprivate mutating func add(_ histogram: LatencyHistogram, _ labels: [String: String] = [:]) {
        add(
            histogram: histogram.cumulative, sum: Double(histogram.sum) / 1e9, count: histogram.count,
            labels)
    }
}
