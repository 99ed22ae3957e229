// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// The way back to the state of before: what would be lost, and where it stays.
package struct StateReversion: Encodable, Sendable {
    /// What one pipeline goes back to.
    package struct Pipeline: Encodable, Sendable {
        /// Its directory now.
        package var directory: String
        /// The snapshot that it goes back to; nil for all that an edition before has.
        package var snapshot: String?
        /// Records of the journal that count no more; each holds what came in a turn.
        package var records: UInt64
        /// Where it goes on.
        package var current: String
    }

    package var command = "revert"
    package var directory: String
    package var isTry: Bool
    package var pipelines: [Pipeline]
    /// The edition that will count; whether it is there already.
    let edition: StateEdition
    let isThere: Bool
    /// The snapshots' numbers.
    let sequences: [UInt64]

    private enum CodingKeys: String, CodingKey { case command, directory, isTry, pipelines }

    /// The same for a person.
    package var text: String {
        let lines = pipelines.map { pipeline in
            let target =
                pipeline.snapshot ?? "all that was before the last change by a command or of pipelines"
            return
                "\(pipeline.directory): back to \(target), without \(pipeline.records) records of the journal behind it; "
                + "goes on in \(pipeline.current), what is there now stays in \(pipeline.directory)"
        }
        return lines.joined(separator: "\n")
    }
}

extension StoredState {
    /// What `revert` would do: each pipeline goes back to its older snapshot; where they have none, all go back to the edition
    /// before.
    ///
    /// - Parameter ofChange: Whether they go back to the edition before in any case.
    package func reversion(isTry: Bool, ofChange: Bool) throws(DaemonError) -> StateReversion {
        let (edition, before) = (state.layout.edition, state.layout.before)
        var targets: [(snapshot: SnapshotReader<LocalDisk>, lost: UInt64)] = []
        for index in 0..<edition.pipelineCount where !ofChange {
            guard let target = try olderSnapshot(ofPipeline: index) else { break }
            targets.append(target)
        }
        if targets.count == edition.pipelineCount {
            let next = state.nextEdition(pipelineCount: edition.pipelineCount)
            return StateReversion(
                directory: path, isTry: isTry,
                pipelines: targets.indices.map {
                    .init(
                        directory: edition.directories[$0], snapshot: targets[$0].snapshot.name,
                        records: targets[$0].lost, current: next.directories[$0])
                }, edition: next, isThere: false, sequences: targets.map(\.snapshot.sequence))
        }
        guard let before, try hasDirectories(of: before) else {
            throw DaemonError(
                .noInput,
                "\(path): expected \(ofChange ? "" : "an older snapshot of each pipeline, or ")what was before a change by a "
                    + "command or of pipelines, found none: there is nothing to go back to")
        }
        return StateReversion(
            directory: path, isTry: isTry,
            pipelines: try (0..<edition.pipelineCount).map { (index) throws(DaemonError) in
                .init(
                    directory: edition.directories[index], snapshot: nil,
                    records: try lastRecord(on: try state.disk(ofPipeline: index)),
                    current: before.directories.joined(separator: ", "))
            }, edition: before, isThere: true, sequences: [])
    }

    /// Goes back; what is there now stays where it is.
    package func revert(_ reversion: StateReversion) throws(DaemonError) {
        if !reversion.isThere {
            if plan.forecasts.spillLimit > 0 { try refuseSpilled(in: reversion) }
            try state.writePipelines(of: reversion.edition) { (index, writer) throws(DaemonError) in
                let disk = try state.disk(ofPipeline: index)
                do throws(StoreError) {
                    let search = try SnapshotStore.search(disk, before: reversion.sequences[index] + 1)
                    guard var snapshot = search.newest else { return }
                    while try snapshot.next() {
                        do throws(DiskError) { try writer.write(snapshot.chunk) } catch { throw .disk(error) }
                    }
                } catch { throw DaemonError(error) }
            }
        }
        do throws(DiskError) { try state.adopt(reversion.edition) } catch { throw DaemonError(error) }
    }

    /// Streams that are spilled would not be found from another directory.
    private func refuseSpilled(in reversion: StateReversion) throws(DaemonError) {
        for (index, sequence) in reversion.sequences.enumerated() {
            let disk = try state.disk(ofPipeline: index)
            var engine = EngineState.engine(plan.divided(into: reversion.edition.pipelineCount))
            let streams = try state.recovery(of: disk, before: sequence + 1).restore(&engine)
            guard streams.left == 0 else { throw Self.noRoom(for: streams.left) }
        }
    }

    /// The newest whole snapshot before the newest of all, and how many records of the journal come behind it.
    ///
    /// - Returns: Nil where the newest is that of a change, or there is none.
    private func olderSnapshot(
        ofPipeline index: Int
    ) throws(DaemonError) -> (snapshot: SnapshotReader<LocalDisk>, lost: UInt64)? {
        let disk = try state.disk(ofPipeline: index)
        let (newest, found): (UInt64, SnapshotReader<LocalDisk>?)
        do throws(StoreError) {
            newest = try SnapshotStore.search(disk).greatest
            found = try SnapshotStore.search(disk, before: newest).newest
        } catch { throw DaemonError(error) }
        if let found { return (found, try lastRecord(on: disk) - found.sequence) }
        // What a change writes counts as record 1.
        guard newest <= 1 || state.layout.before == nil else {
            throw DaemonError(
                .noInput,
                "\(disk.path): expected an older snapshot, found one alone, as there is where the disk had no room for two; "
                    + "--change goes back to what was before the last change by a command or of pipelines")
        }
        return nil
    }

    /// The number of the last record of a pipeline, or of the one that its newest snapshot contains.
    private func lastRecord(on disk: LocalDisk) throws(DaemonError) -> UInt64 {
        var recovery = try state.recovery(of: disk).files
        do throws(StoreError) { while try recovery.next() == .record {} } catch { throw DaemonError(error) }
        return max(recovery.sequence, recovery.snapshot?.sequence ?? 0)
    }

    private func hasDirectories(of edition: StateEdition) throws(DaemonError) -> Bool {
        do throws(DiskError) {
            return Set(try state.directory.disk.list()).isSuperset(of: edition.directories)
        } catch { throw DaemonError(error) }
    }
}
