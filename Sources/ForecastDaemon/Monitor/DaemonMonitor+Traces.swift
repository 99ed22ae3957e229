// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Monitoring
import WireFormat

// What came and what was forecast, for those who look.
extension DaemonMonitor {
    /// The most changes that one engine is asked for at once: what one round of a page has room for.
    private static let changesLimit = 20_000

    package func history(_ identifier: String) async throws(MonitoringProblem) -> StreamHistory {
        try Self.checkIdentifier(identifier)
        let plan = plan
        guard plan.forecasts.traceLength > 0 else {
            throw MonitoringProblem(
                .notFound,
                expected: "http.history above 0 in the configuration, which keeps the near past of streams",
                found: "http.history: 0")
        }
        for answer in try await askAll(.trace(Array(identifier.utf8)), of: plan) {
            if let trace = answer.trace {
                return StreamHistory(trace, stream: identifier, levels: plan.labels[trace.rule].levels)
            }
        }
        throw Self.notFound(identifier)
    }

    package func recent(
        _ identifiers: [String], limit: Int
    ) async throws(MonitoringProblem) -> RecentValues {
        for identifier in identifiers { try Self.checkIdentifier(identifier) }
        var streams: [String: [Double]] = [:]
        let subject = StreamQuestion.Subject.recent(identifiers.map { Array($0.utf8) }, limit: limit)
        for answer in try await askAll(subject, of: plan) {
            for (identifier, values) in zip(identifiers, answer.recent) where !values.isEmpty {
                streams[identifier] = values
            }
        }
        return RecentValues(streams: streams)
    }

    package var rules: [EventFeed.Rule] {
        let plan = plan
        return plan.labels.indices.map {
            EventFeed.Rule(
                number: $0 + 1, match: plan.forecasts.rules[$0].match.pattern, model: plan.labels[$0].model,
                levels: plan.labels[$0].levels)
        }
    }

    package func changes(
        since marks: [StreamChanges.Mark]?
    ) async throws(MonitoringProblem) -> StreamChanges {
        let (plan, engines) = (plan, Array(mailbox.engines))
        var changes = StreamChanges(
            marks: marks ?? engines.map { _ in StreamChanges.Mark() }, names: [], rows: [])
        for (index, engine) in engines.enumerated() {
            var mark = changes.marks[index]
            let answer = try await Self.ask(
                engine,
                .changed(
                    after: mark.change, first: mark.slot, named: mark.named, limit: Self.changesLimit),
                of: plan)
            if mark.slot == 0 { mark.nextChange = answer.change }
            mark.named += answer.names.count
            mark.slot = answer.next ?? 0
            if mark.slot == 0 { mark.change = mark.nextChange }
            changes.marks[index] = mark
            changes.names.append(answer.names)
            changes.renamed.append(answer.renamed)
            changes.rows += answer.rows.map { StreamChanges.Row($0, engine: index) }
        }
        return changes
    }
}

extension StreamChanges.Row {
    fileprivate init(_ row: StreamRow, engine: Int) {
        self.init(
            engine: engine, slot: Int(row.slot), rule: Int(row.rule) + 1, status: row.status.word,
            seq: row.sequence, milliseconds: row.point.time.nanoseconds / 1_000_000, y: row.point.value,
            yhat: row.status == .stale ? .nan : row.point.next, below: row.point.below,
            above: row.point.above, skill: row.skill, coverage: row.coverage,
            anomaly: row.point.anomalyScore)
    }
}
