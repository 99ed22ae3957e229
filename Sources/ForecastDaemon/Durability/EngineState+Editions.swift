// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// What is saved of one pipeline, its journal included.
struct SavedPipeline {
    /// All of its streams.
    var source: StateSource
    /// Their ids.
    var identifiers: [String]
    /// What was found.
    var recovered: StateEvent.Recovered
}

// Streams are written anew into directories of their own, beside those that count; then the file `layout` is replaced.
// Whatever ends the process, the one or the other edition counts, whole.
extension EngineState {
    /// Divides the streams anew if the plan has another number of pipelines than the directory.
    func divide(for plan: PipelinePlan) throws(DaemonError) {
        let before = layout.edition
        guard before.pipelineCount != plan.pipelineCount else { return }
        let saved = try saved(plan)
        let edition = nextEdition(pipelineCount: plan.pipelineCount)
        var streams = try write(edition, saved.map(\.source), plan)
        let found = saved.map(\.recovered.streams)
        streams.changed += found.reduce(0) { $0 + $1.changed }
        do throws(DiskError) { try adopt(edition) } catch { throw DaemonError(error) }
        self.plan.report(
            .divided(from: before.pipelineCount, to: edition.pipelineCount, streams, kept: before.directories)
        )
    }

    /// The streams of all pipelines as they are saved.
    func saved(
        _ plan: PipelinePlan, change: (RawSpan) -> Void = { _ in }
    ) throws(DaemonError) -> [SavedPipeline] {
        let count = layout.edition.pipelineCount
        try Self.refuseIdle(plan)
        var all: [SavedPipeline] = []
        for index in 0..<count {
            var engine = Self.engine(plan.divided(into: count))
            var recovery = try recovery(of: try disk(ofPipeline: index))
            let recovered = try recovery.load(&engine, change: change)
            // Where streams may be spilled, those without room would have been, or have let others be.
            let missing = recovered.streams.left + (plan.forecasts.spillLimit > 0 ? recovered.unplaced : 0)
            guard missing == 0 else { throw StoredState.noRoom(for: missing) }
            let identifiers = engine.identifiers
            all.append(
                SavedPipeline(
                    source: StateSource(copyOf: &engine), identifiers: identifiers, recovered: recovered))
        }
        return all
    }

    /// Refuses a plan under which only a running daemon knows all streams.
    static func refuseIdle(_ plan: PipelinePlan) throws(DaemonError) {
        guard plan.forecasts.spillLimit > 0,
            let rule = plan.forecasts.rules.first(where: { $0.idleLimit != nil })
        else { return }
        throw DaemonError(
            .configuration,
            "rule \"\(rule.match.pattern)\": idle_ttl: expected off, because it lets streams be spilled to disk, and only a "
                + "running daemon knows those; let the daemon run without it until each stream has had a value"
        )
    }

    /// An engine of one pipeline, which has no other place for streams than memory.
    static func engine(_ plan: PipelinePlan, quota: StreamQuota? = nil) -> ForecastEngine {
        var plan = plan
        plan.forecasts.spillLimit = 0
        return plan.engine(quota: quota)
    }

    /// An edition that is yet to be written.
    func nextEdition(pipelineCount: Int) -> StateEdition {
        let numbers = [layout.edition.number, layout.before?.number ?? 0]
        return StateEdition(
            number: numbers.max()! + 1, pipelineCount: pipelineCount, seed: layout.edition.seed)
    }

    /// Writes streams into the directories of an edition, which count for nothing yet.
    func write(
        _ edition: StateEdition, _ sources: [StateSource], _ plan: PipelinePlan
    ) throws(DaemonError) -> Restoration {
        let plan = plan.divided(into: edition.pipelineCount)
        let quota = StreamQuota(limit: plan.forecasts.streamsLimit)
        var result = Restoration()
        try writePipelines(of: edition) { (index, writer) throws(DaemonError) in
            var engine = Self.engine(plan, quota: quota)
            result.add(try engine.take(sources) { edition.pipeline(of: $0) == index })
            do throws(DiskError) {
                try engine.copyAll { (chunk) throws(DiskError) in try writer.write(chunk.span.bytes) }
            } catch { throw DaemonError(error) }
        }
        return result
    }

    /// Writes a snapshot for each pipeline of an edition, which counts for nothing yet.
    func writePipelines(
        of edition: StateEdition,
        _ write: (Int, inout SnapshotWriter<LocalDisk>) throws(DaemonError) -> Void
    ) throws(DaemonError) {
        do throws(DaemonError) {
            do throws(DiskError) { try removeUnused() } catch { throw DaemonError(error) }
            for index in 0..<edition.pipelineCount { try writePipeline(index, of: edition, write) }
        } catch {
            try? removeUnused()  // what was written takes up room
            throw error
        }
    }

    private func writePipeline(
        _ index: Int, of edition: StateEdition,
        _ write: (Int, inout SnapshotWriter<LocalDisk>) throws(DaemonError) -> Void
    ) throws(DaemonError) {
        // As if record 1 had been: were the snapshot destroyed, that record would be missed, and the start refused.
        let sequence: UInt64 = 1
        var writer: SnapshotWriter<LocalDisk>
        do throws(DiskError) {
            let disk = try directory.pipeline(index, edition: edition.number)
            writer = try SnapshotStore(disk, identity: .random(in: 1...(.max))).begin(through: sequence)
        } catch { throw DaemonError(error) }
        try write(index, &writer)
        do throws(DiskError) { try writer.finish(durable: sequence) } catch { throw DaemonError(error) }
    }

    /// Removes directories of pipelines that belong to neither edition: they were not finished, or are older.
    func removeUnused() throws(DiskError) {
        let layout = layout
        let used = Set(layout.edition.directories + (layout.before?.directories ?? []))
        for name in try directory.disk.list() where Self.isPipelineName(name) && !used.contains(name) {
            try directory.disk.removeDirectory(name)
        }
        try directory.disk.synchroniseDirectory()
    }

    private static func isPipelineName(_ name: String) -> Bool {
        let numbers = name.split(separator: "-", omittingEmptySubsequences: false)
        return numbers.count <= 2 && numbers.allSatisfy { UInt32($0) != nil }
    }
}

extension PipelinePlan {
    /// The same for another number of pipelines.
    func divided(into count: Int) -> PipelinePlan {
        var plan = self
        plan.pipelineCount = count
        return plan
    }
}
