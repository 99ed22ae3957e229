// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring
import WireFormat

extension StreamReport {
    /// Says with names what an engine knows of a stream, at `now` by the clock; `isAlone` is whether it is no list.
    init(_ stream: StreamAnswer.Stream, plan: PipelinePlan, isAlone: Bool, at now: Timestamp) {
        let summary = stream.summary
        let labels = plan.labels[summary.rule]
        self.init(
            stream: stream.identifier, status: summary.status.word,
            every: summary.period == 0 ? "event" : Duration.nanoseconds(summary.period).text,
            tick: summary.tick.flatMap { $0.value.isFinite ? Observation($0) : nil },
            newest: Observation(summary.newest),
            age: now.seconds(since: summary.newest.time), yhat: summary.next, ticks: summary.ticks,
            seq: summary.sequence, warm: summary.warmth, gap: summary.gap,
            rule: plan.rule(summary.rule),
            model: labels.model, revision: labels.revision, scale: summary.scale.flatMap { Scale($0) })
        window = summary.window.flatMap { Window($0) }
        season = summary.season > 0 ? summary.season : nil
        let scores = summary.scores.enumerated().map {
            ScoreReport($0.element, horizon: $0.offset + 1, levels: labels.levels)
        }
        score = scores.first.flatMap { Score($0) }
        self.scores = isAlone && !scores.isEmpty ? scores : nil
        anomaly = summary.anomaly.map {
            Anomaly(score: $0.score.isNaN ? nil : $0.score, alarms: $0.alarms)
        }
        drift = summary.drift.map { Drift(ratio: $0.ratio, limit: $0.limit, now: $0.isOn) }
        let drops = zip(Refusal.allCases, summary.refused).filter { $0.1 > 0 }
        self.drops = Dictionary(uniqueKeysWithValues: drops.map { ($0.0.label, $0.1) })
    }
}

extension StreamReport.Observation {
    fileprivate init(_ observation: Forecasting.Observation) {
        self.init(ts: observation.time.rfc3339, y: observation.value)
    }
}

extension StreamReport.Scale {
    /// Nil for a scale that is about to begin anew because it overflowed.
    fileprivate init?(_ scale: Forecasting.Scale) {
        guard scale.mean.isFinite && scale.deviation.isFinite else { return nil }
        self.init(mean: scale.mean, std: scale.deviation)
    }
}

extension StreamReport.Window {
    /// Nil for values so large that something of them is not finite.
    fileprivate init?(_ window: StreamSummary.Window) {
        let statistics = window.statistics
        let figures = [statistics.mean, statistics.deviation] + window.quantiles
        guard figures.allSatisfy(\.isFinite) else { return nil }
        self.init(
            count: statistics.count, mean: statistics.mean, std: statistics.deviation,
            min: statistics.minimum,
            max: statistics.maximum, p5: window.quantiles[0], p50: window.quantiles[1],
            p95: window.quantiles[2])
    }
}

extension StreamReport.Senders {
    init(input: String, topic: String, counts: SequenceCounts) {
        self.init(
            input: input, topic: topic, lost: counts.lost, repeated: counts.repeated,
            reordered: counts.reordered,
            restarts: counts.restarts)
    }
}

extension Forecast.Status {
    /// The status as forecasts write it.
    var word: String {
        switch self {
        case .warming: "warming"
        case .ok: "ok"
        case .reset: "reset"
        case .stale: "stale"
        case .anomalous: "anomalous"
        }
    }
}
