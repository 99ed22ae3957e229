// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Logging
import Monitoring
import ServiceLifecycle
import Synchronization

/// A daemon that has the streams it was given, and may be unwell.
final class SampleSource: MonitoringSource {
    let identifiers: [String]
    let problem: MonitoringProblem?
    /// The newest value of every stream.
    let y: Double
    /// What was asked, in order.
    let asked = Mutex<[String]>([])

    init(_ identifiers: [String] = ["a/b", "plant:1"], problem: MonitoringProblem? = nil, y: Double = 2.5) {
        self.identifiers = identifiers
        self.problem = problem
        self.y = y
    }

    static let unwell = MonitoringProblem(.unavailable, expected: "a turn", found: "none")
    static let status: DaemonReport = {
        var status = plainStatus
        status.memory = 1 << 20
        status.reloads = .init(done: 2, failed: 1, time: "2026-11-23T06:59:42.000Z")
        let some = DaemonReport.Percentiles(p50: 1e-5, p99: 2e-4, most: 0.003)
        status.latency = DaemonReport.Latency(
            receive: some, step: some, publish: some, turn: some, forecast: some, fullTurns: 0.25)
        status.viewers = .init(now: 0, dropped: 0)
        status.state = .init(
            full: false, lost: 1, snapshots: 2, failedSnapshots: 3,
            snapshot: .init(time: "2026-11-23T06:59:41.000Z", bytes: 4, seconds: 0.5), unsynchronised: 5,
            longestSynchronisation: 0.25)
        return status
    }()
    private static let plainStatus = DaemonReport(
        version: "1.2.3", epoch: "00000000000000ff", started: "2026-11-23T06:59:40.250Z", uptime: 1.5,
        pipelines: 2,
        streams: .init(
            known: 2, limit: 10, onDisk: 1, diskBytes: 4096, spilled: 3, revived: 2, forgotten: 4, lost: 5,
            unplaced: 6), rates: .init(observations: 1, forecasts: 2, drops: 0),
        inputs: [
            .init(
                name: "plant", messages: 5, observations: 4, restored: 0, drops: ["syntax": 1], lost: 2,
                repeated: 1, reordered: 3, restarts: 1)
        ],
        outputs: [
            .init(
                name: "forecasts", published: 4, dropped: 1, repeated: 2, drops: ["busy": 3],
                replay: .init(requests: 9, messages: 8, tooOld: 7, otherEpoch: 6))
        ],
        time: ["imputed": 3], resets: 0,
        alarms: .init(now: 1, total: 5), drifts: .init(now: 0, total: 1),
        scores: [.init(rule: .init(number: 1, match: "*"), streams: 2, score: score)])

    static let score = ScoreReport(
        horizon: 1, missing: 3, life: period, recent: period)
    static let period = ScoreReport.Period(
        weight: 4, mae: 0.5, rmse: 0.75, bias: -0.25, mase: 0.8, skill: 0.2, seasonSkill: 0.4,
        coverage: ["0.8": 0.75], intervalScore: ["0.8": 2])

    static func report(_ identifier: String) -> StreamReport {
        var report = StreamReport(
            stream: identifier, status: "ok", every: "1s", tick: .init(ts: "2026-11-23T06:59:40.000Z", y: 2),
            newest: .init(ts: "2026-11-23T06:59:40.250Z", y: 2.5), age: 0.5, yhat: 3, ticks: 7, seq: 8,
            warm: 1,
            gap: 0, rule: .init(number: 1, match: "*"), model: "pump", revision: "0123456789ab",
            scale: .init(mean: 1, std: 2))
        report.window = .init(count: 7, mean: 2, std: 0.5, min: 1, max: 3, p5: 1.2, p50: 2, p95: 2.8)
        report.anomaly = .init(score: 0.25, alarms: 1)
        report.drift = .init(ratio: 0.5, limit: 0.75, now: false)
        report.season = 24
        report.drops = ["late": 2]
        report.score = .init(mae: 0.5, skill: 0.2, coverage: ["0.8": 0.75])
        report.scores = [score]
        report.senders = [
            .init(input: "plant", topic: "plant", lost: 3, repeated: 1, reordered: 0, restarts: 1)
        ]
        return report
    }

    func checkHealth() throws(MonitoringProblem) { if let problem { throw problem } }
    func checkReadiness() throws(MonitoringProblem) { if let problem { throw problem } }

    func status() throws(MonitoringProblem) -> DaemonReport {
        if let problem { throw problem }
        return Self.status
    }

    func metrics() async throws(MonitoringProblem) -> [MetricFamily] {
        if let problem { throw problem }
        return [MetricFamily("sample_value", .gauge, "The newest value.", y)]
    }

    func stream(_ identifier: String) async throws(MonitoringProblem) -> StreamReport {
        asked.withLock { $0.append(identifier) }
        guard identifiers.contains(identifier) else {
            throw MonitoringProblem(.notFound, expected: "a stream", found: "\"\(identifier)\"")
        }
        var report = Self.report(identifier)
        report.newest.y = y
        return report
    }

    func history(_ identifier: String) async throws(MonitoringProblem) -> StreamHistory {
        asked.withLock { $0.append("history \(identifier)") }
        let ends = ["0.8": [2.5, 2.25]]
        return StreamHistory(
            levels: [0.8],
            ticks: [
                .init(
                    ts: "2026-11-23T06:59:40.000Z", y: 2, yhat: 3, yhatLower: 2.5, yhatUpper: 3.5,
                    anomalyScore: 0.25, marks: ["imputed"])
            ], paths: [[3, nil]],
            forecast: ForecastReport(
                stream: identifier, ts: "2026-11-23T06:59:40.000Z", y: 2, every: "1s", status: "ok", seq: 8,
                yhat: [3, nil], yhatLower: ends, yhatUpper: ends))
    }

    static let decision = DecisionReport(
        kind: "late", first: "2026-11-23T06:59:38.000Z", last: "2026-11-23T06:59:40.000Z", count: 2,
        begin: "2026-11-23T06:59:30.000Z", end: "2026-11-23T06:59:31.000Z", value: 2.5, key: "lateness: 2s",
        text: "the value 2.5 of 06:59:31 was dropped: it came too late")

    static let messages = DropReport.Messages(
        input: "plant", reason: "syntax", text: "it is broken", count: 3, total: 5,
        last: "2026-11-23T06:59:40.000Z", topic: "a", payload: "{")

    func decisions(_ identifier: String) async throws(MonitoringProblem) -> StreamDecisions {
        asked.withLock { $0.append("decisions \(identifier)") }
        return StreamDecisions(
            stream: identifier, since: "2026-11-23T06:59:00.000Z", decisions: [Self.decision],
            messages: [Self.messages])
    }

    func drops(after: String?, match: [String]) async throws(MonitoringProblem) -> DropReport {
        asked.withLock {
            $0.append("drops after \(after ?? "-") match \(match.joined(separator: " "))")
        }
        return DropReport(
            next: "1-2-3", values: [.init(stream: "plant:1", decision: Self.decision)], more: 1,
            messages: [Self.messages])
    }

    func recent(_ identifiers: [String], limit: Int) async throws(MonitoringProblem) -> RecentValues {
        asked.withLock { $0.append("recent \(identifiers.joined(separator: " ")) limit \(limit)") }
        return RecentValues(streams: Dictionary(uniqueKeysWithValues: identifiers.map { ($0, [1, 2.5]) }))
    }

    /// Changes as with a reload.
    let lives = Mutex<String>("00000000000000ff")
    var life: String { lives.withLock { $0 } }

    let rules = [EventFeed.Rule(number: 1, match: "*", model: "pump", levels: [0.8])]

    /// What changes are told, one after the other; the last again and again.
    let changes = Mutex<[StreamChanges]>([StreamChanges(marks: [.init()], names: [[]], rows: [])])

    func changes(
        since marks: [StreamChanges.Mark]?
    ) async throws(MonitoringProblem) -> StreamChanges {
        if let problem { throw problem }
        return changes.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    }

    func streams(
        match: String?, after: String?, limit: Int
    ) async throws(MonitoringProblem) -> StreamPage {
        asked.withLock { $0.append("match \(match ?? "-") after \(after ?? "-") limit \(limit)") }
        return StreamPage(streams: identifiers.prefix(limit).map(Self.report), next: "further")
    }
}

/// Runs a server as a daemon would, and gives its port to `body`.
func withServer(
    _ source: SampleSource = SampleSource(), host: String = "127.0.0.1", port: Int = 0,
    token: BearerToken? = nil, limits: MonitoringServer.Limits = .init(),
    _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = MonitoringServer(
        host: host, port: port, source: source, token: token, limits: limits, logger: logger)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let group = ServiceGroup(
        configuration: .init(
            services: [.init(service: Running { try await server.run { continuation.yield($0) } })],
            logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { continuation.finish() }
            try await group.run()
        }
        for await port in ports {
            let result: Result<Void, any Error>
            do { result = .success(try await body(port)) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try result.get()
            break
        }
        try await tasks.waitForAll()
    }
}

private struct Running: Service {
    let body: @Sendable () async throws -> Void
    init(_ body: @escaping @Sendable () async throws -> Void) { self.body = body }
    func run() async throws { try await body() }
}
