// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring
import WireFormat

extension DaemonReport {
    /// Says with names what the pipelines count, at `now` by the clock.
    init(_ report: StatusReport, plan: PipelinePlan, rates: Rates?, uptime: Duration) {
        self.init(
            version: VersionReport.version, epoch: plan.epochText,
            started: Timestamp(nanoseconds: Int64(plan.epoch)).rfc3339, uptime: uptime / .seconds(1),
            pipelines: plan.pipelineCount,
            streams: Streams(report, limit: plan.forecasts.streamsLimit), rates: rates,
            inputs: report.inputs.map { input in
                Input(
                    name: input.name, messages: input.messages, observations: input.observations,
                    restored: input.restored,
                    drops: Dictionary(
                        uniqueKeysWithValues: input.dropsByReason.map { ($0.reason, $0.count) }),
                    lost: input.sequences.lost, repeated: input.sequences.repeated,
                    reordered: input.sequences.reordered, restarts: input.sequences.restarts)
            },
            outputs: report.outputs.map {
                Output(
                    name: $0.name, published: $0.published, dropped: $0.dropped, repeated: $0.repeated,
                    drops: Dictionary(uniqueKeysWithValues: $0.dropsByReason.map { ($0.reason, $0.count) }),
                    replay: $0.replay.map {
                        Output.Replay(
                            requests: $0.requests, messages: $0.messages, tooOld: $0.tooOld,
                            otherEpoch: $0.otherEpoch)
                    })
            },
            time: [
                "learned": report.time.learned, "imputed": report.time.imputed,
                "renewed": report.time.renewed, "stale": report.time.stale, "turned": report.time.turned,
                "revised": report.time.revised,
            ], resets: report.resets,
            alarms: Changes(
                now: report.watch.alarms - report.watch.alarmsEnded, total: report.watch.alarms),
            drifts: Changes(
                now: report.watch.drifts - report.watch.driftsEnded, total: report.watch.drifts),
            scores: report.scores(of: plan).enumerated().compactMap { rule, score in
                score.map {
                    RuleScoreReport(
                        rule: plan.rule(rule), streams: $0.streams,
                        score: ScoreReport($0.figures, horizon: 1, levels: plan.labels[rule].levels))
                }
            })
        state = report.state.map { StateKeepingReport($0) }
    }
}

extension DaemonReport.Latency {
    /// Says what was measured over a stretch of time.
    init(_ latencies: TurnLatencies) {
        let stages = latencies.stages.map { DaemonReport.Percentiles($0) }
        self.init(
            receive: stages[0], step: stages[1], publish: stages[2],
            turn: DaemonReport.Percentiles(latencies.turns),
            forecast: DaemonReport.Percentiles(latencies.forecasts),
            fullTurns: latencies.turns.count == 0
                ? 0 : Double(latencies.fullTurns) / Double(latencies.turns.count))
    }
}

extension DaemonReport.Percentiles {
    fileprivate init?(_ histogram: LatencyHistogram) {
        guard let p50 = histogram.quantile(0.5), let p99 = histogram.quantile(0.99),
            let most = histogram.quantile(1)
        else { return nil }
        self.init(p50: p50, p99: p99, most: most)
    }
}

extension StateKeepingReport {
    fileprivate init(_ status: StateStatus) {
        self.init(
            full: status.isFull, lost: status.lost, snapshots: status.snapshots,
            failedSnapshots: status.failedSnapshots,
            snapshot: status.snapshotTime.map {
                Snapshot(time: $0.rfc3339, bytes: status.snapshotBytes, seconds: status.snapshotSeconds)
            },
            unsynchronised: status.unsynchronised, longestSynchronisation: status.longestSynchronisation)
    }
}

extension DaemonReport.Streams {
    fileprivate init(_ report: StatusReport, limit: Int) {
        let counts = report.spilled.counts
        self.init(
            known: report.streams, limit: limit, onDisk: report.spilled.streams,
            diskBytes: report.spilled.byteCount, spilled: counts.spilled, revived: counts.revived,
            forgotten: counts.forgotten, lost: counts.lost, unplaced: counts.unplaced)
    }
}

extension PipelinePlan {
    /// A rule by its index, as reports name it.
    func rule(_ index: Int) -> StreamReport.Rule {
        StreamReport.Rule(number: index + 1, match: forecasts.rules[index].match.pattern)
    }

    /// The epoch, and from the first reload on how many there were, which let slots and rules begin anew.
    var lifeText: String { generation == 0 ? epochText : "\(epochText).\(generation)" }

    /// The epoch as forecasts write it.
    var epochText: String {
        let digits = String(epoch, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
