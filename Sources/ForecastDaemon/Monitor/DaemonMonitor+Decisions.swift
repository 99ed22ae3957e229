// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Monitoring
import WireFormat

// What was decided for streams, and what was dropped.
extension DaemonMonitor {
    /// The most streams of an engine that drops are told of at once; the others are counted.
    private static let dropsLimit = 200

    package func decisions(_ identifier: String) async throws(MonitoringProblem) -> StreamDecisions {
        try Self.checkIdentifier(identifier)
        let plan = plan
        let answers = try await askAll(.decisions(Array(identifier.utf8)), of: plan)
        let decisions = answers.flatMap(\.decisions)
        let unreadable = try await Self.ask(mailbox.questions[0], .unreadable(after: 0), of: plan).unreadable
        let messages = unreadable.filter { $0.mayBe(of: identifier) }
        guard !decisions.isEmpty || !messages.isEmpty || answers.contains(where: \.isKnown) else {
            throw MonitoringProblem(
                .notFound, expected: "the id of a stream that is forecast, or whose values were dropped",
                found: identifier.excerpt)
        }
        return StreamDecisions(
            stream: identifier, since: Timestamp(nanoseconds: Int64(plan.epoch)).rfc3339,
            decisions: decisions.map { DecisionReport($0) },
            messages: messages.map { DropReport.Messages($0, plan: plan) })
    }

    package func drops(
        after: String?, match: [String]
    ) async throws(MonitoringProblem) -> DropReport {
        let (plan, engines) = (plan, Array(mailbox.engines))
        var patterns: [Glob] = []
        for text in match { patterns.append(try Self.glob(text)) }
        var cursor = DropCursor(epoch: plan.epoch, engineCount: engines.count)
        if let after {
            guard let told = DropCursor(after, epoch: plan.epoch, engineCount: engines.count) else {
                throw MonitoringProblem(
                    .badRequest, expected: "after: what next was in the answer before", found: after.excerpt)
            }
            cursor = told
        }
        var report = DropReport(next: "", values: [], more: 0, messages: [])
        var drops: [(stream: String, decision: Decision)] = []
        for (index, engine) in engines.enumerated() {
            let subject = StreamQuestion.Subject.drops(
                after: cursor.engines[index], limit: Self.dropsLimit, match: patterns)
            let answer = try await Self.ask(engine, subject, of: plan)
            cursor.engines[index] = answer.change
            drops += answer.drops
            report.more += answer.more
        }
        report.values = drops.sorted { $0.decision.last < $1.decision.last }.map {
            DropReport.Values(stream: $0.stream, decision: DecisionReport($0.decision))
        }
        let answer = try await Self.ask(
            mailbox.questions[0], .unreadable(after: cursor.messages), of: plan)
        cursor.messages = answer.change
        report.messages = answer.unreadable.map { DropReport.Messages($0, plan: plan) }
        report.next = "\(cursor)"
        return report
    }
}

extension UnreadableMessages.Example {
    /// Whether its values would have been some of the stream with that id.
    ///
    /// A topic is a stream's id, or its beginning where messages name values of their own; a message of one frame begins with it.
    fileprivate func mayBe(of identifier: String) -> Bool {
        let id = Array(identifier.utf8)
        guard topic.isEmpty else { return id == topic || id.starts(with: topic + [UInt8(ascii: ".")]) }
        return payload.starts(with: id + [UInt8(ascii: " ")])
    }
}

extension DropReport.Messages {
    fileprivate init(_ example: UnreadableMessages.Example, plan: PipelinePlan) {
        self.init(
            input: plan.inputs[example.input].name, reason: example.reason.label,
            text: example.reason.reason, count: example.count, total: example.total,
            last: example.time.rfc3339, topic: PayloadText.beginning(example.topic),
            payload: PayloadText.beginning(example.payload)
                + (example.payloadLength > example.payload.count ? "\u{2026}" : ""))
    }
}
