// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Monitoring
import Synchronization
import WireFormat

/// What is served over HTTP of a running daemon: the pipelines' reports, and answers of their engines.
package final class DaemonMonitor: MonitoringSource {
    let plans: PlanInForce
    let mailbox: Mailbox
    /// Which streams have figures of their own in /metrics.
    let metricPatterns: [String]
    private let start = ContinuousClock.now
    private let progress = Mutex(Progress())

    /// How long an engine may take to answer.
    private static let patience = Duration.seconds(2)

    /// Watches the pipelines, which follow `plans`, through their mailbox.
    package init(plans: PlanInForce, mailbox: Mailbox, metricPatterns: [String] = []) {
        self.plans = plans
        self.mailbox = mailbox
        self.metricPatterns = metricPatterns
    }

    /// The plan in force.
    var plan: PipelinePlan { plans.plan }

    package var life: String { plan.lifeText }

    /// Takes note of the newest report, to be called once a second.
    func sample() {
        guard let report = mailbox.newestReport else { return }
        let turnCounts = mailbox.turnCounts
        progress.withLock { progress in
            progress.add(report, at: .now)
            _ = progress.stalled(turnCounts: turnCounts, at: .now)
        }
    }

    package func checkHealth() throws(MonitoringProblem) {
        guard mailbox.newestReport != nil else { return }  // the pipelines are starting
        let turnCounts = mailbox.turnCounts
        guard let stalled = progress.withLock({ $0.stalled(turnCounts: turnCounts, at: .now) }) else {
            return
        }
        throw MonitoringProblem(
            .unavailable, expected: "a turn of each pipeline within \(Progress.patience.text)",
            found: "none of thread \(stalled.thread) for \(stalled.time.components.seconds)s")
    }

    package func checkReadiness() throws(MonitoringProblem) {
        guard !mailbox.isStopping else {
            throw MonitoringProblem(.unavailable, expected: "a running daemon", found: "one that is stopping")
        }
        guard mailbox.newestReport != nil else { throw Self.isStarting }
        try checkHealth()
    }

    package func status() throws(MonitoringProblem) -> DaemonReport {
        guard let report = mailbox.newestReport else { throw Self.isStarting }
        var status = DaemonReport(
            report, plan: plan, rates: progress.withLock { $0.rates }, uptime: .now - start)
        status.memory = ProcessFigures().residentBytes
        status.latency = progress.withLock { $0.latency }
        let reloads = plans.reloads
        status.reloads = DaemonReport.Reloads(
            done: reloads.done, failed: reloads.failed, time: reloads.time?.rfc3339)
        return status
    }

    package func stream(_ identifier: String) async throws(MonitoringProblem) -> StreamReport {
        try Self.checkIdentifier(identifier)
        let plan = plan
        // Which engine has it depends on a hash that only the pipelines know.
        for answer in try await askAll(.one(Array(identifier.utf8)), of: plan) {
            if let stream = answer.streams.first {
                var report = StreamReport(stream, plan: plan, isAlone: true, at: WallClock.now())
                report.senders = try await senders(of: identifier)
                return report
            }
        }
        throw Self.notFound(identifier)
    }

    package func streams(
        match: String?, after: String?, limit: Int
    ) async throws(MonitoringProblem) -> StreamPage {
        let match = try Self.glob(match)
        let plan = plan
        var cursor = try Self.cursor(after, of: plan)
        let engines = Array(mailbox.engines)
        var streams: [StreamReport] = []
        while cursor.engine < engines.count, streams.count < limit {
            let answer = try await Self.ask(
                engines[cursor.engine],
                .several(first: cursor.slot, limit: limit - streams.count, match: match), of: plan)
            let now = WallClock.now()
            streams += answer.streams.map { StreamReport($0, plan: plan, isAlone: false, at: now) }
            if let next = answer.next {
                cursor.slot = next
            } else {
                (cursor.engine, cursor.slot) = (cursor.engine + 1, 0)
            }
        }
        return StreamPage(streams: streams, next: cursor.engine < engines.count ? "\(cursor)" : nil)
    }
}

extension DaemonMonitor {
    private static let isStarting = MonitoringProblem(
        .unavailable, expected: "a running daemon",
        found: "one that is starting: it recovers its state or opens its sockets")

    private static func glob(_ match: String?) throws(MonitoringProblem) -> Glob {
        guard let match else { return .everything }
        do { return try Glob(match) } catch {
            throw MonitoringProblem(
                .badRequest,
                expected:
                    "match: a pattern of 1 to 256 of *, ? and the characters of ids (A-Z a-z 0-9 . _ : / -)",
                found: match.excerpt)
        }
    }

    static func checkIdentifier(_ identifier: String) throws(MonitoringProblem) {
        guard StreamIdentifier.isValid(identifier.utf8.span.bytes) else {
            throw MonitoringProblem(
                .badRequest, expected: "the id of a stream: 1 to 128 characters of A-Z a-z 0-9 . _ : / -",
                found: identifier.excerpt)
        }
    }

    static func notFound(_ identifier: String) -> MonitoringProblem {
        MonitoringProblem(
            .notFound, expected: "the id of a stream that is forecast; /api/v1/streams lists them",
            found: identifier.excerpt)
    }

    private static func cursor(
        _ after: String?, of plan: PipelinePlan
    ) throws(MonitoringProblem) -> StreamCursor {
        guard let after else { return StreamCursor(life: plan.lifeText) }
        guard let cursor = StreamCursor(after), cursor.life == plan.lifeText else {
            throw MonitoringProblem(
                .badRequest,
                expected:
                    "after: what next was on the page before; begin without it when the daemon began anew or reloaded",
                found: after.excerpt)
        }
        return cursor
    }

    func askAll(
        _ subject: StreamQuestion.Subject, of plan: PipelinePlan
    ) async throws(MonitoringProblem) -> [StreamAnswer] {
        let engines = mailbox.engines
        let results = await withTaskGroup(of: Result<StreamAnswer, MonitoringProblem>.self) { tasks in
            for engine in engines {
                tasks.addTask {
                    do throws(MonitoringProblem) {
                        return .success(try await Self.ask(engine, subject, of: plan))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        var answers: [StreamAnswer] = []
        for result in results { answers.append(try result.get()) }
        return answers
    }

    /// What the numbers of the messages that a stream's values came in tell; nil if they had none.
    ///
    /// Their topic is the stream's id, or what stands before the name of a field.
    private func senders(of identifier: String) async throws(MonitoringProblem) -> [StreamReport.Senders]? {
        var topics = [identifier]
        if let point = identifier.lastIndex(of: ".") { topics.append(String(identifier[..<point])) }
        var senders: [StreamReport.Senders] = []
        for topic in topics {
            let answer = try await Self.ask(
                mailbox.questions[0], .sequences(Array(topic.utf8)), of: plan)
            for (input, counts) in zip(plan.inputs, answer.sequences) {
                guard let counts else { continue }
                senders.append(StreamReport.Senders(input: input.name, topic: topic, counts: counts))
            }
        }
        return senders.isEmpty ? nil : senders
    }

    /// Asks an engine, which is to follow `plan`.
    static func ask(
        _ engine: QuestionBox, _ subject: StreamQuestion.Subject, of plan: PipelinePlan
    ) async throws(MonitoringProblem) -> StreamAnswer {
        let answer: StreamAnswer
        do {
            answer = try await engine.ask(subject, atMost: patience)
        } catch {
            throw switch error as? StreamQuestion.Failure {
            case .busy:
                MonitoringProblem(
                    .unavailable, expected: "at most \(QuestionBox.capacity) requests for streams at once",
                    found: "more; ask again")
            case .ended:
                MonitoringProblem(.unavailable, expected: "a running daemon", found: "one that is stopping")
            case .late, nil:
                MonitoringProblem(
                    .unavailable, expected: "an answer of the pipeline within \(patience.text)",
                    found: "none; ask again")
            }
        }
        guard answer.generation ?? plan.generation == plan.generation else {
            throw MonitoringProblem(
                .unavailable, expected: "streams of the rules in force",
                found: "a reload under way; ask again")
        }
        return answer
    }
}

extension String {
    /// The text for a person, cut where it is long.
    var excerpt: String { ConfigurationSuggestion.quoted(self) }
}
