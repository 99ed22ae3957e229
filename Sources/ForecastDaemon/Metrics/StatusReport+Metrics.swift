// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Monitoring
import WireFormat

// What the pipelines count, for Prometheus. Documentation/Monitoring.md lists it, and a test holds that list to this.
extension StatusReport {
    /// All figures, at the cost of a few hundred lines however many streams there are.
    package func metrics(_ plan: PipelinePlan) -> [MetricFamily] {
        inputMetrics + outputMetrics + latencyMetrics + streamMetrics(plan.forecasts)
            + scoreMetrics(plan) + (state ?? StateStatus()).metrics(isKept: state != nil)
    }

    private func streamMetrics(_ plan: ForecastPlan) -> [MetricFamily] {
        var states = MetricFamily(
            "forecastd_streams", .gauge, "Streams whose newest forecast has the status.")
        for status in Forecast.Status.allCases {
            states.add(Double(statuses[Int(status.rawValue)]), ["status": status.word])
        }
        var events = MetricFamily(
            "forecastd_time_events_total", .counter,
            "What happened on the streams' time lines: learned periods, imputed ticks, renewed after a gap, gone stale, "
                + "turned back, revised forecasts.")
        let counts = [
            ("learned", time.learned), ("imputed", time.imputed), ("renewed", time.renewed),
            ("stale", time.stale), ("turned", time.turned), ("revised", time.revised),
        ]
        for (event, count) in counts { events.add(Double(count), ["event": event]) }
        var moves = MetricFamily(
            "forecastd_stream_moves_total", .counter,
            "Streams spilled to disk, revived from it, forgotten, lost there, and unplaced because there was no room."
        )
        let lifecycle = spilled.counts
        let moved = [
            ("spilled", lifecycle.spilled), ("revived", lifecycle.revived),
            ("forgotten", lifecycle.forgotten),
            ("lost", lifecycle.lost), ("unplaced", lifecycle.unplaced),
        ]
        for (event, count) in moved { moves.add(Double(count), ["event": event]) }
        return [
            states, events, moves,
            MetricFamily(
                "forecastd_streams_known", .gauge, "Streams that have come, members included.",
                Double(streams)),
            MetricFamily(
                "forecastd_streams_limit", .gauge,
                "The most streams that are taken; left out where further ones go to disk.",
                plan.spillLimit > 0 ? nil : Double(plan.streamsLimit)),
            MetricFamily(
                "forecastd_streams_on_disk", .gauge, "Streams whose state is on disk.",
                Double(spilled.streams)),
            MetricFamily(
                "forecastd_resets_total", .counter, "Streams begun anew because their state was not finite.",
                Double(resets)),
            MetricFamily(
                "forecastd_alarms", .gauge, "Streams whose alarm is on.",
                Double(watch.alarms - watch.alarmsEnded)),
            MetricFamily("forecastd_alarms_total", .counter, "Alarms that began.", Double(watch.alarms)),
            MetricFamily(
                "forecastd_drifts", .gauge, "Streams on which the model has become worse than it was.",
                Double(watch.drifts - watch.driftsEnded)),
            MetricFamily(
                "forecastd_drifts_total", .counter, "Times that a model became worse on a stream.",
                Double(watch.drifts)),
        ]
    }

    private func scoreMetrics(_ plan: PipelinePlan) -> [MetricFamily] {
        var scored = MetricFamily(
            "forecastd_forecasts_scored_total", .counter, "Forecasts held against the value that came.")
        var missing = MetricFamily(
            "forecastd_forecasts_missing_total", .counter, "Values that no forecast had been made for.")
        var error = MetricFamily(
            "forecastd_forecast_error_ratio", .gauge,
            "Mean absolute error of late, in units of each stream, about its deviation.")
        var scaled = MetricFamily(
            "forecastd_forecast_mase", .gauge,
            "Mean absolute error of late over that of repeating the last value, since the beginning.")
        var skill = MetricFamily(
            "forecastd_forecast_skill_ratio", .gauge,
            "1 - error / error of repeating the last value, of late: above 0 is better.")
        var coverage = MetricFamily(
            "forecastd_forecast_coverage_ratio", .gauge,
            "The share of values of late that the intervals held, which should be the level.")
        for (rule, score) in scores(of: plan).enumerated() {
            guard let figures = score?.figures else { continue }
            let labels = [
                "rule": "\(rule + 1)", "match": plan.forecasts.rules[rule].match.pattern,
                "model": plan.labels[rule].model, "horizon": "1",
            ]
            func add(_ figure: Double, to family: inout MetricFamily, level: Double? = nil) {
                guard figure.isFinite else { return }
                family.add(figure, level.map { labels.merging(["level": "\($0)"]) { $1 } } ?? labels)
            }
            add(figures.life.weight, to: &scored)
            add(Double(figures.missing), to: &missing)
            add(figures.recent.meanAbsoluteError, to: &error)
            add(figures.recent.meanAbsoluteScaledError, to: &scaled)
            add(figures.recent.skillAgainstPersistence, to: &skill)
            for (level, share) in zip(plan.labels[rule].levels, figures.recent.coverage) {
                add(share, to: &coverage, level: level)
            }
        }
        return [scored, missing, error, scaled, skill, coverage]
    }
}
