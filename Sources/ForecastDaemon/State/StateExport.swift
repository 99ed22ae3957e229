// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
import StateStore

/// What was written into a file of streams.
package struct StateExport: Encodable, Sendable, Equatable {
    package var file: String
    package var streams: Int
    package var bytes: Int

    /// The same for a person.
    package var text: String { "\(streams) streams, \(bytes) bytes, are in \(file)" }
}

extension StoredState {
    /// Writes streams into a file, whole or not at all.
    ///
    /// - Parameter pattern: Which, by their ids; nil for all.
    package func export(_ pattern: Glob?, to path: String) throws(DaemonError) -> StateExport {
        let place = try FilePlace(path)
        let saved = try saved()
        let all = saved.flatMap(\.identifiers)
        let matching =
            pattern.map { pattern in all.count { pattern.matches($0.utf8.span.bytes) } } ?? all.count
        guard matching > 0 else {
            throw DaemonError(
                .noInput,
                "\(self.path): expected streams\(pattern.map { " that match \($0.pattern)" } ?? ""), found none "
                    + "among \(all.count)")
        }
        if matching < all.count, let problem = joinedProblem("export") { throw problem }
        var engine = EngineState.engine(plan.divided(into: 1))
        let streams = try engine.take(saved.map(\.source)) { pattern?.matches($0) ?? true }
        guard streams.left == 0 else { throw Self.noRoom(for: streams.left) }
        // How far producers have come is this daemon's alone.
        engine.producers = ProducerNumbers(capacity: 1, seed: 0)
        var bytes = 0
        do throws(DiskError) {
            var writer = try SnapshotExport.begin(
                place.name, on: place.disk, identity: .random(in: 1...(.max)))
            try engine.copyAll { (chunk) throws(DiskError) in
                bytes += chunk.count
                try writer.write(chunk.span.bytes)
            }
            try writer.finish(as: place.name)
        } catch { throw DaemonError(error) }
        return StateExport(file: path, streams: streams.kept, bytes: bytes)
    }

    /// Takes over the streams of a file that `export` wrote, all of them or none.
    ///
    /// - Parameters:
    ///   - replaces: Whether streams that are there already begin where the file's are.
    ///   - isTry: Whether to say only what would be done.
    package func importStreams(
        from path: String, replaces: Bool, isTry: Bool
    ) throws(DaemonError) -> StateChange {
        var engine = EngineState.engine(plan.divided(into: 1))
        try load(path, into: &engine)
        engine.producers = ProducerNumbers(capacity: 1, seed: 0)
        let imported = Set(engine.identifiers)
        var saved = try saved()
        let there = saved.flatMap(\.identifiers).filter(imported.contains)
        guard replaces || there.isEmpty else {
            throw DaemonError(
                .data,
                "\(path): expected streams that the state does not have, found \(NamedStreams(there)) that it has; "
                    + "--replace takes those of the file")
        }
        let isEmpty = saved.allSatisfy(\.identifiers.isEmpty)
        if !isEmpty, let problem = joinedProblem("import into a state that has streams") { throw problem }
        for index in saved.indices {
            saved[index].source.takes = { identifier in
                !imported.contains(identifier.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
            }
        }
        let sources = saved.map(\.source) + [StateSource(copyOf: &engine)]
        return try change("import", streams: imported.count, of: sources, isTry: isTry)
    }

    private func load(_ path: String, into engine: inout ForecastEngine) throws(DaemonError) {
        let place = try FilePlace(path)
        let finding: SnapshotStore<LocalDisk>.Finding
        do throws(StoreError) {
            finding = try SnapshotExport.open(place.name, on: place.disk)
        } catch {
            switch error {
            case .foreign:
                throw DaemonError(
                    .data,
                    "\(path): expected a file that `forecastd state export` wrote, found a snapshot of a daemon"
                )
            case .disk(.failed(.open, _, ENOENT)):
                throw DaemonError(
                    .noInput, "\(path): expected a file of `forecastd state export`, found none")
            default: throw DaemonError(error)
            }
        }
        let snapshot: SnapshotReader<LocalDisk>
        switch finding {
        case .whole(let reader): snapshot = reader
        case .damaged(let damage):
            throw DaemonError(
                .data, "\(path): expected a file of `forecastd state export`, found that \(damage.problem)")
        }
        var changed = NamedStreams()
        var reader = StateReader(snapshot)
        let streams: Restoration
        do throws(StateError) {
            streams = try engine.restore(from: &reader, change: { changed.add($0) })
        } catch { throw DaemonError(.data, "\(path): \(error)") }
        guard changed.count == 0 else {
            throw DaemonError(
                .data,
                "\(path): expected streams of rules and models of this configuration, found \(changed) of others; a stream "
                    + "goes on only under the same rule, with the same model, in the same version of forecastd"
            )
        }
        guard streams.left == 0 else { throw Self.noRoom(for: streams.left) }
    }
}
