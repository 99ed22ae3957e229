// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import StateStore

/// The state directory of a daemon that does not run, locked as long as this lives.
package struct StoredState {
    let state: EngineState
    let plan: PipelinePlan

    /// Opens the directory of a configuration.
    ///
    /// - Parameters:
    ///   - directory: Another directory, as a copy of it.
    ///   - isMade: Whether it is made if it is missing.
    /// - Throws: A `DaemonError`, also where a daemon uses it.
    package init(
        _ prepared: PreparedDaemon, directory: String? = nil, isMade: Bool = false
    ) throws(DaemonError) {
        plan = prepared.pipelinePlan()
        guard var kept = plan.state else {
            throw DaemonError(
                .configuration, "expected state: {directory: …} in the configuration, found no state in it")
        }
        kept.directory = directory ?? kept.directory
        state = try Self.open(kept, pipelineCount: plan.pipelineCount, isMade: isMade)
    }

    /// Opens a directory.
    static func open(
        _ plan: StatePlan, pipelineCount: Int, isMade: Bool = false
    ) throws(DaemonError) -> EngineState {
        guard isMade || access("\(plan.directory)/layout", F_OK) == 0 else {
            throw DaemonError(
                .noInput,
                "\(plan.directory): expected a directory that a daemon kept its state in, found none; --config or "
                    + "--directory says where it is")
        }
        var plan = plan
        plan.report = { event in
            switch event {
            case .damaged(let snapshot): StandardError.writeLine("\(snapshot); the one before is taken")
            case .lost(let records): StandardError.writeLine("\(records); going on without them")
            default: break
            }
        }
        return try EngineState(plan, pipelineCount: pipelineCount)
    }

    /// All streams as they are saved.
    ///
    /// - Throws: A `DaemonError` also where some would begin anew under the configuration.
    func saved() throws(DaemonError) -> [SavedPipeline] {
        var changed = NamedStreams()
        let saved = try state.saved(plan) { changed.add($0) }
        guard changed.count == 0 else {
            throw DaemonError(
                .configuration,
                "\(path): \(changed) were saved under another rule or model than the configuration has for them; give the "
                    + "configuration that the daemon ran with, or start it once with this one, after which they begin anew"
            )
        }
        return saved
    }

    /// The directory's path.
    package var path: String { state.directory.disk.path }

    /// Why streams cannot be taken one by one; nil if they can.
    func joinedProblem(_ action: String) -> DaemonError? {
        guard plan.forecasts.isJoined else { return nil }
        return DaemonError(
            .usage,
            "\(action): expected all streams, because inputs_from or related joins them, found some of them; name all by "
                + "'*'")
    }

    static func noRoom(for count: Int) -> DaemonError {
        DaemonError(
            .configuration,
            "streams_limit: expected all streams in memory, found \(count) that have no room or are spilled to disk; raise it, "
                + "and where they are spilled let the daemon run with that until each has had a value")
    }

    /// Writes an edition, makes it the one that counts, and says what was done; or only says it.
    func change(
        _ command: String, streams: Int, of sources: [StateSource], isTry: Bool
    ) throws(DaemonError) -> StateChange {
        let edition = state.nextEdition(pipelineCount: state.layout.edition.pipelineCount)
        let before = state.layout.edition.directories
        var change = StateChange(
            command: command, directory: path, isTry: isTry, streams: streams, kept: 0,
            current: edition.directories, before: before)
        if isTry {
            var engine = EngineState.engine(plan.divided(into: 1))
            change.kept = try Self.complete(try engine.take(sources))
        } else {
            change.kept = try Self.complete(try state.write(edition, sources, plan))
            do throws(DiskError) { try state.adopt(edition) } catch { throw DaemonError(error) }
        }
        return change
    }

    private static func complete(_ streams: Restoration) throws(DaemonError) -> Int {
        guard streams.left == 0 else { throw noRoom(for: streams.left) }
        precondition(streams.changed == 0, "streams of another rule were refused before")
        return streams.kept
    }
}

/// A number of streams, and the ids of the first few, for people.
struct NamedStreams: CustomStringConvertible {
    private(set) var count = 0
    private var names: [String] = []

    init(_ identifiers: [String] = []) { for name in identifiers { add(name) } }

    mutating func add(_ identifier: RawSpan) {
        add(identifier.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
    }

    private mutating func add(_ name: String) {
        count += 1
        if names.count < 3 { names.append(name) }
    }

    var description: String {
        "\(count) streams (\(names.joined(separator: ", "))\(count > names.count ? ", …" : ""))"
    }
}
