// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The way from what is on a disk to a journal that goes on: a snapshot, the records behind it, a new segment.
///
/// First the chunks of `snapshot`, if there is one, are read, then `next` is called until it does not give a record any
/// more, then `resume`. Nothing on the disk is changed before `resume`.
package struct Recovery<D: Disk> {
    /// The newest snapshot that is whole.
    package var snapshot: SnapshotReader<D>?
    /// Newer ones that are not; `resume` removes them.
    package let damagedSnapshots: [DamagedSnapshot]
    /// Says which files belong together: that of the files found, or else the one proposed.
    package let identity: UInt64
    private let disk: D
    private let options: JournalOptions
    private var journal: JournalReader<D>

    /// Looks at what is on `disk`.
    ///
    /// - Parameters:
    ///   - identity: A random number, for a journal that begins here.
    ///   - acceptsLoss: Whether to pass over records that are destroyed.
    ///   - limit: The newest snapshot is taken that contains less of the journal than up to this record.
    package init(
        _ disk: D, options: JournalOptions, identity: UInt64, acceptsLoss: Bool = false,
        before limit: UInt64 = .max
    ) throws(StoreError) {
        (self.disk, self.options) = (disk, options)
        let search = try SnapshotStore.search(disk, before: limit)
        damagedSnapshots = search.damaged
        snapshot = search.newest
        // Even a snapshot that is destroyed says how far the journal was durable once.
        journal = try JournalReader(
            disk, from: (snapshot?.sequence ?? 0) + 1, durable: search.greatest, acceptsLoss: acceptsLoss)
        let found = snapshot?.header.identity
        if let found, let other = journal.identity, found != other {
            throw .foreign(file: SnapshotFormat.name(ofSnapshot: snapshot?.sequence ?? 0))
        }
        self.identity = found ?? journal.identity ?? identity
    }

    /// Goes on to the next record of the journal, if there is one.
    package mutating func next() throws(StoreError) -> JournalStep { try journal.next() }

    /// The number of the record that `next` gave.
    package var sequence: UInt64 { journal.sequence }

    /// The last record that is known to have been durable.
    package var durable: UInt64 { journal.durable }

    /// The journal's segments, in order.
    package var segments: [JournalSegment] { journal.segments }

    /// The bytes of the record that `next` gave, until it is called again.
    package var payload: RawSpan {
        @_lifetime(borrow self) get { journal.payload }
    }

    /// The records that were passed over because they are destroyed.
    package var losses: [JournalDamage] { journal.losses }

    /// Makes all that was read durable, removes the rest, and begins a segment behind it.
    ///
    /// Where the disk is full, it may be tried again.
    package func resume() throws(StoreError) -> JournalWriter<D> {
        switch journal.ending {
        case .end, .torn: break
        case .record, .damaged, nil: preconditionFailure("a journal is read to its end before it goes on")
        }
        let (disk, identity, options) = (disk, identity, options)
        let tail = JournalTail(disk, journal)
        let superfluous = Set(
            tail.superfluous + damagedSnapshots.map(\.file)
                + [JournalFormat.temporaryName, SnapshotFormat.temporaryName])
        return try StoreError.wrapping { () throws(DiskError) in
            try tail.rewrite()
            try tail.cut()
            for name in try disk.list() where superfluous.contains(name) { try disk.remove(name) }
            try disk.synchroniseDirectory()
            let synchroniser = JournalSynchroniser(
                disk, identity: identity, options: options, segments: tail.kept, ordinal: tail.nextOrdinal,
                after: tail.last)
            return try JournalWriter(synchroniser, after: tail.last)
        }
    }
}
