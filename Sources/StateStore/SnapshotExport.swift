// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A file of state that belongs to no journal: as a snapshot, but that it contains no record and may have any name.
package enum SnapshotExport<D: Disk> {
    /// Begins the file that `SnapshotWriter.finish(as: name)` gives its name.
    ///
    /// - Parameter identity: A random number.
    package static func begin(
        _ name: String, on disk: D, identity: UInt64
    ) throws(DiskError) -> SnapshotWriter<D> {
        try SnapshotWriter.begin(
            SnapshotStore(disk, identity: identity), SnapshotHeader(identity: identity, sequence: 0),
            temporaryName: name + ".part")
    }

    /// Opens a file, once all its bytes are looked through.
    package static func open(_ name: String, on disk: D) throws(StoreError) -> SnapshotStore<D>.Finding {
        let file = try StoreError.wrapping { () throws(DiskError) in try disk.open(name) }
        do throws(SnapshotProblem) {
            return .whole(try SnapshotReader.whole(file, isExport: true))
        } catch {
            switch error {
            case .store(let error): throw error
            case .damaged(let problem):
                return .damaged(DamagedSnapshot(sequence: 0, file: name, problem: problem))
            }
        }
    }
}
