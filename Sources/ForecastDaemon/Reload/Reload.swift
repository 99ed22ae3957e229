// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat
package import ZeroMQ

/// A configuration that is to follow the one in force: what differs, and whether that can change while the daemon runs.
package struct Reload: Sendable {
    /// What is to be in force.
    package let prepared: PreparedDaemon
    /// The plan of it.
    let plan: PipelinePlan
    let succession: Succession
    private let running: PreparedDaemon
    /// Whom sockets admit now.
    private let clientsBefore: [String: Set<CurveKey>]

    /// Compares what is to be in force with what is.
    ///
    /// - Parameters:
    ///   - start: The plan that the daemon began with, which rooms in memory were made for.
    ///   - current: The plan in force, of `running`.
    ///   - clients: Whom sockets are to admit; nil for those of the plan in force.
    /// - Throws: A `DaemonError` that names what cannot change while the daemon runs.
    package init(
        to prepared: PreparedDaemon, from running: PreparedDaemon, current: PipelinePlan, start: PipelinePlan,
        clients: [String: Set<CurveKey>]? = nil
    ) throws(DaemonError) {
        self.prepared = prepared
        self.running = running
        var plan = prepared.pipelinePlan()
        (plan.epoch, plan.generation) = (current.epoch, current.generation + 1)
        // A path that was given at the start, and the rest of what belongs to the process.
        (plan.state, plan.keys) = (current.state, current.keys)
        if let clients { plan.keys?.clients = clients }
        clientsBefore = current.keys?.clients ?? [:]
        self.plan = plan
        succession = Succession(from: current.forecasts, to: plan.forecasts)
        let fixed = prepared.configuration.fixedKeys(thatDifferFrom: running.configuration)
        guard fixed.isEmpty else {
            throw DaemonError(
                .configuration,
                "a reload changes models and streams; expected \(fixed.joined(separator: ", ")) as at the start of the "
                    + "daemon, found another value: restart the daemon, or take the change back; nothing was changed"
            )
        }
        guard isSame || Succession.isPossible(from: current.forecasts, to: plan.forecasts) else {
            throw DaemonError(
                .configuration,
                "streams that inputs_from or related joins cannot be handed over while the daemon runs: restart it, "
                    + "after which streams begin anew (Documentation/Durability.md); nothing was changed")
        }
        try checkRooms(start)
    }

    /// Whether configuration and model files are as they were, whatever became of clients.
    package var isSame: Bool {
        prepared.configuration == running.configuration
            && prepared.models.map(\.file.digest) == running.models.map(\.file.digest)
    }

    /// The sockets whose clients are others than those in force; nil where there are none.
    private var clients: [ReloadReport.Clients]? {
        guard let keys = plan.keys else { return nil }
        let changed = keys.clients.keys.sorted().compactMap { socket -> ReloadReport.Clients? in
            let (old, new) = (clientsBefore[socket] ?? [], keys.clients[socket] ?? [])
            guard old != new else { return nil }
            return ReloadReport.Clients(
                socket: socket, admitted: new.subtracting(old).count, revoked: old.subtracting(new).count)
        }
        return changed.isEmpty ? nil : changed
    }

    /// What was made at the start has room for the longest forecast.
    private func checkRooms(_ start: PipelinePlan) throws(DaemonError) {
        for (output, old) in zip(plan.outputs, start.outputs) {
            guard let needed = output.keeping?.longestPayload, let room = old.keeping?.longestPayload,
                needed > room
            else { continue }
            throw Self.tooLong(needed, room: room, "outputs.\(output.name) keeps forecasts")
        }
        guard plan.pipelineCount > 1 else { return }
        let (needed, room) = (plan.longestForecastRecord, start.forecastRingLength / 4)
        guard needed <= room else { throw Self.tooLong(needed, room: room, "there are several pipelines") }
    }

    private static func tooLong(_ needed: Int, room: Int, _ reason: String) -> DaemonError {
        DaemonError(
            .configuration,
            "the longest forecast of these rules takes \(needed) bytes, and \(reason), for which there is room for \(room) "
                + "since the start: restart the daemon, or write shorter horizons or fewer levels; nothing was changed"
        )
    }
}

extension Reload {
    /// What becomes of the rules.
    package var report: ReloadReport {
        var report = ReloadReport()
        report.clients = clients
        report.isSame = isSame && clients == nil
        report.keepsRules = isSame
        let old = running.forecasts.rules.map(\.match.pattern)
        report.rules = plan.forecasts.rules.enumerated().map { index, rule in
            let source = old.firstIndex(of: rule.match.pattern)
            return ReloadReport.Rule(
                match: rule.match.pattern, model: plan.labels[index].model,
                revision: plan.labels[index].revision,
                change: source.map { succession.change(from: $0, to: index).rawValue } ?? "new",
                changed: source.flatMap { changed(from: $0, to: index) },
                reason: source.flatMap { succession.reason(from: $0, to: index) })
        }
        let new = plan.forecasts.rules.map(\.match.pattern)
        report.removed = old.filter { !new.contains($0) }
        return report
    }

    /// The keys in which two rules differ; nil where they do in none.
    private func changed(from old: Int, to new: Int) -> [String]? {
        let keys = succession.difference(from: old, to: new).keys
        return keys.isEmpty ? nil : keys
    }

    /// What becomes of a stream that follows a rule by its index.
    func stream(_ identifier: String, rule: Int) -> ReloadReport.Stream {
        let next = succession.rule(of: identifier.utf8.span.bytes)
        return ReloadReport.Stream(
            stream: identifier, change: succession.change(from: rule, to: next).rawValue,
            before: running.forecasts.rules[rule].match.pattern,
            after: next.map { plan.forecasts.rules[$0].match.pattern },
            changed: next.flatMap { changed(from: rule, to: $0) },
            reason: next.flatMap { succession.reason(from: rule, to: $0) })
    }
}

extension DaemonConfiguration {
    /// The keys that differ from another configuration's and cannot change while the daemon runs.
    func fixedKeys(thatDifferFrom other: DaemonConfiguration) -> [String] {
        Self.differing("inputs", inputs, other.inputs, \.name)
            + Self.differing("outputs", outputs, other.outputs, \.name)
            + [
                (streamsLimit == other.streamsLimit, "streams_limit"),
                (pipelines == other.pipelines, "pipelines"), (pipeline == other.pipeline, "pipeline"),
                (log == other.log, "log"), (http == other.http, "http"), (state == other.state, "state"),
                (control == other.control, "control"), (curve == other.curve, "curve"),
            ].compactMap { $0.0 ? nil : $0.1 }
    }

    private static func differing<Section: Equatable>(
        _ key: String, _ sections: [Section], _ others: [Section], _ name: (Section) -> String
    ) -> [String] {
        guard sections != others else { return [] }
        let changed = sections.filter { !others.contains($0) }.map(name)
        let names = sections.map(name)
        let removed = others.map(name).filter { !names.contains($0) }
        let differing = (changed + removed).map { "\(key).\($0)" }
        return differing.isEmpty ? ["the order of \(key)"] : differing
    }
}
