// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Logging
import ZeroMQ

/// Reads the configuration again and puts it in force while the daemon runs.
///
/// Used by one task at a time. Whatever goes wrong, the daemon goes on as it was, but for whom its sockets admit: that
/// changes first, and stays.
struct Reloader {
    private let path: String
    private let plans: PlanInForce
    private let mailbox: Mailbox
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let start: PipelinePlan
    private var running: PreparedDaemon
    /// Whom sockets may admit where the pipelines have not said that they took in the last list; nil where they have.
    private var unconfirmed: [String: Set<CurveKey>]?

    /// How long a pipeline may write at a snapshot before a reload waits no longer for it.
    private static let patience = Duration.seconds(60)
    /// How long an engine may take to answer.
    private static let answerPatience = Duration.seconds(10)

    /// - Parameters:
    ///   - running: What is in force, read from the file at `path`.
    ///   - plans: The plan of it.
    init(
        _ running: PreparedDaemon, path: String, plans: PlanInForce, mailbox: Mailbox,
        notifier: ServiceNotifier, logger: Logger
    ) {
        (self.running, self.path, self.plans) = (running, path, plans)
        (self.mailbox, self.notifier, self.logger) = (mailbox, notifier, logger)
        start = plans.plan
    }

    /// Says what a reload would change, stream by stream, and changes nothing.
    func plan() async throws -> ReloadReport {
        guard mailbox.newestReport != nil else { throw Self.isStarting }
        let reload = try await prepare()
        var report = reload.report
        guard !report.isSame else { return report }
        let generation = plans.plan.generation
        var list: [ReloadReport.Stream] = []
        for engine in mailbox.engines {
            var next: Int? = 0
            while let first = next {
                let answer = try await Self.streams(of: engine, from: first)
                guard answer.generation == generation else { throw Self.ended }
                list += answer.streams.map { reload.stream($0.identifier, rule: $0.summary.rule) }
                next = answer.next
            }
        }
        list.sort { $0.stream < $1.stream }
        report.list = list
        for stream in list { report.streams[stream.change, default: 0] += 1 }
        return report
    }

    /// Puts the configuration in force.
    mutating func reload() async throws -> ReloadReport {
        // What says that a reload is over would say that the start is.
        let hasBegun = mailbox.newestReport != nil
        if hasBegun { notifier.reloading() }
        do {
            guard hasBegun else { throw Self.isStarting }
            let report = try await change()
            plans.count(at: WallClock.now())
            logger.notice("\(report.isSame ? report.text : "reloaded \(path); \(report.summary)")")
            notifier.ready(status: "reloaded")
            return report
        } catch {
            plans.countFailure()
            logger.error("reload of \(path) failed, the configuration before stays in force: \(error)")
            if hasBegun {
                notifier.ready(status: "the last reload failed; the configuration before is in force")
            }
            throw error
        }
    }

    private mutating func change() async throws -> ReloadReport {
        let reload = try await prepare()
        var report = reload.report
        report.isSame = report.isSame && unconfirmed == nil
        guard !report.isSame else { return report }
        // First, and whatever becomes of the rest: who is revoked must not wait for a snapshot.
        if let keys = reload.plan.keys, report.clients != nil || unconfirmed != nil {
            let revoking = noteUnconfirmed(keys)
            try await admit(keys, revoking: revoking)
            unconfirmed = nil
        }
        if !reload.isSame { try await succeed(reload, &report) }
        report.isDone = true
        return report
    }

    /// Lets the engines follow the new plan.
    private mutating func succeed(_ reload: Reload, _ report: inout ReloadReport) async throws {
        let (succession, plan) = (reload.succession, reload.plan)
        let successors = try await PipelineThread.run(name: "reload") {
            let quota = StreamQuota(limit: plan.forecasts.streamsLimit)
            return (0..<plan.pipelineCount).map { _ in
                Successor(plan, succession: succession, quota: quota)
            }
        }
        try await hand(over: successors, report)
        plans.replace(by: plan)
        running = reload.prepared
        for successor in successors {
            for (change, count) in successor.changes { report.streams[change.rawValue, default: 0] += count }
        }
        report.pause = (successors.map(\.pause).max() ?? .zero) / .seconds(1)
    }

    // Not `throws(DaemonError)`, here and below: the code of Swift 6.3.1 then frees memory of the task in the wrong order, which
    // ends the process.
    /// Lets the sockets admit others from now on.
    private func admit(_ keys: SocketKeys, revoking: Set<String>) async throws {
        let isDone = await Self.wait(for: 1, atMost: Self.answerPatience) { progress in
            mailbox.admit(.init(clients: keys.clients, revoking: revoking, isDone: progress))
        }
        guard isDone else {
            throw mailbox.isStopping
                ? Self.ended
                : DaemonError(
                    .unavailable,
                    "the pipelines are too busy to say whether clients are admitted or cut, which they do as soon as they "
                        + "can: try again")
        }
        plans.replace(by: plans.plan.admitting(keys))
    }

    /// Notes that the pipelines may admit others, now or later; gives the sockets that have to cut somebody for it.
    private mutating func noteUnconfirmed(_ keys: SocketKeys) -> Set<String> {
        let earlier = (plans.plan.keys?.clients ?? [:]).merging(unconfirmed ?? [:]) { $0.union($1) }
        unconfirmed = earlier.merging(keys.clients) { $0.union($1) }
        return keys.revoking(since: earlier)
    }

    /// Reads and checks configuration, models and clients.
    private func prepare() async throws -> Reload {
        let path = path
        let (prepared, clients) = try await PipelineThread.run(name: "reload") {
            let configuration: DaemonConfiguration
            do throws(ConfigurationError) { configuration = try DaemonConfiguration.load(path: path) } catch {
                throw DaemonError(error)
            }
            return (try PreparedDaemon(configuration), try SocketKeys.clients(configuration))
        }
        return try Reload(to: prepared, from: running, current: plans.plan, start: start, clients: clients)
    }

    /// Lets all pipelines hold still, then lets the engines take over; none if one does not hold still in time.
    private func hand(over successors: [Successor], _ report: ReloadReport) async throws {
        let boxes = Array(mailbox.engineSuccessions)
        let isHeld = await Self.wait(for: boxes.count, atMost: Self.patience) { progress in
            for (box, successor) in zip(boxes, successors) { box.offer(successor, progress: progress) }
        }
        guard isHeld else {
            for box in boxes { box.withdraw() }
            throw mailbox.isStopping
                ? Self.ended
                : DaemonError(
                    .unavailable,
                    "a snapshot has been under way for more than \(Self.patience.text): try again later; "
                        + (report.clientChanges.map { "only whom sockets admit was changed: \($0)" }
                            ?? "nothing was changed"))
        }
        let isDone = await Self.wait(for: boxes.count, atMost: nil) { progress in
            for box in boxes { box.agree(progress: progress) }
        }
        if !isDone { throw Self.ended }
    }

    /// Waits until as many pipelines have told of their progress; false where that takes too long or they end.
    private static func wait(
        for count: Int, atMost limit: Duration?, _ begin: (AsyncStream<Void>.Continuation) -> Void
    ) async -> Bool {
        let (steps, progress) = AsyncStream.makeStream(of: Void.self)
        let timer = limit.map { limit in
            Task {
                try? await Task.sleep(for: limit)
                progress.finish()
            }
        }
        defer { timer?.cancel() }
        begin(progress)
        var told = 0
        for await _ in steps {
            told += 1
            if told == count { return true }
        }
        return false
    }

    private static func streams(of engine: QuestionBox, from first: Int) async throws -> StreamAnswer {
        do {
            return try await engine.ask(
                .several(first: first, limit: 1000, match: .everything), atMost: answerPatience)
        } catch StreamQuestion.Failure.ended {
            throw ended
        } catch {
            throw DaemonError(
                .unavailable, "the pipelines are too busy to say which streams they have: try again")
        }
    }

    private static let isStarting = DaemonError(
        .unavailable, "the daemon is starting: try again when it is ready; nothing was changed")
    private static let ended = DaemonError(.unavailable, "the daemon is stopping")
}
