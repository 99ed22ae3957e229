// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The snapshots of one journal: the newest, and the one before it.
package struct SnapshotStore<D: Disk>: Sendable {
    let disk: D
    /// That of the journal.
    let identity: UInt64

    package init(_ disk: D, identity: UInt64) {
        (self.disk, self.identity) = (disk, identity)
    }

    /// Begins a snapshot of the state that the journal leads to up to record `sequence`.
    package func begin(through sequence: UInt64) throws(DiskError) -> SnapshotWriter<D> {
        let header = SnapshotHeader(identity: identity, sequence: sequence)
        return try SnapshotWriter.begin(self, header, temporaryName: SnapshotFormat.temporaryName)
    }

    /// The record up to which the journal is not needed any more, not even to go on from the older snapshot; 0 while there
    /// are not two.
    package func superfluous() throws(DiskError) -> UInt64 {
        try Self.sequences(on: disk).dropLast().last ?? 0
    }

    /// Removes all but the newest `count`, at least 1; with one alone there is nothing to fall back to.
    ///
    /// The newest is whole as far as anybody knows: it was written since the start, or looked through then.
    ///
    /// - Returns: The record that the oldest of those left contains the journal up to; nil if none was removed.
    package func removeAll(butNewest count: Int) throws(DiskError) -> UInt64? {
        let sequences = try Self.sequences(on: disk)
        let old = sequences.dropLast(count)
        for sequence in old { try disk.remove(SnapshotFormat.name(ofSnapshot: sequence)) }
        return old.isEmpty ? nil : sequences[old.endIndex]
    }

    /// What the snapshots on a disk contain, oldest first.
    static func sequences(on disk: D) throws(DiskError) -> [UInt64] {
        try disk.list().compactMap(SnapshotFormat.sequence(ofName:)).sorted()
    }
}

extension SnapshotStore {
    /// What was found when looking for a snapshot to begin with.
    package struct Search {
        /// The newest that is whole.
        package var newest: SnapshotReader<D>?
        /// Newer ones that are not.
        package var damaged: [DamagedSnapshot] = []
        /// The greatest number of all, whole or not.
        package var greatest: UInt64
    }

    /// Looks for the newest snapshot on `disk` that is whole, through all of its bytes.
    ///
    /// - Parameter limit: The newest that contains less of the journal than up to this record.
    package static func search(_ disk: D, before limit: UInt64 = .max) throws(StoreError) -> Search {
        let sequences = try StoreError.wrapping { () throws(DiskError) in try Self.sequences(on: disk) }
        var search = Search(greatest: sequences.last ?? 0)
        for sequence in sequences.reversed() where sequence < limit {
            switch try look(at: sequence, on: disk) {
            case .whole(let reader):
                search.newest = reader
                return search
            case .damaged(let damage): search.damaged.append(damage)
            }
        }
        return search
    }

    /// What a look through all bytes of a snapshot found.
    package enum Finding {
        case whole(SnapshotReader<D>)
        case damaged(DamagedSnapshot)
    }

    /// Looks through all snapshots on `disk`, oldest first.
    package static func findings(on disk: D) throws(StoreError) -> [Finding] {
        var findings: [Finding] = []
        for sequence in try StoreError.wrapping({ () throws(DiskError) in try sequences(on: disk) }) {
            findings.append(try look(at: sequence, on: disk))
        }
        return findings
    }

    private static func look(at sequence: UInt64, on disk: D) throws(StoreError) -> Finding {
        let name = SnapshotFormat.name(ofSnapshot: sequence)
        let file = try StoreError.wrapping { () throws(DiskError) in try disk.open(name) }
        do throws(SnapshotProblem) {
            return .whole(try SnapshotReader.whole(file))
        } catch {
            switch error {
            case .store(let error): throw error
            case .damaged(let problem):
                return .damaged(DamagedSnapshot(sequence: sequence, file: name, problem: problem))
            }
        }
    }
}

/// A snapshot that cannot be used.
package struct DamagedSnapshot: Equatable, Sendable, CustomStringConvertible {
    /// The record up to which it contained the journal.
    package var sequence: UInt64
    package var file: String
    /// What was found, as the end of a sentence.
    package var problem: String

    package var description: String { "\(file) cannot be used: \(problem)" }
}
