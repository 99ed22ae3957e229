// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import StateStore

/// What waits for the disk on behalf of one engine: makes its journal durable, writes its snapshots.
///
/// One thread runs it, turn after turn (`StorageThread`).
package struct StateStorage<D: Disk>: ~Copyable {
    private let plan: StatePlan
    private let link: StateLink
    private let synchroniser: JournalSynchroniser<D>
    private let store: SnapshotStore<D>
    /// Where streams are that snapshots tell only the place of.
    private let spill: SpillFile<D>?
    private let spareRoom: SpareRoom<D>
    private let clock: @Sendable () -> ContinuousClock.Instant
    private var snapshot: Snapshot?
    /// Writes it; nil once there was no room.
    private var writer: SnapshotWriter<D>?
    private var synchronised: ContinuousClock.Instant
    private var snapshotDue, roomDue: ContinuousClock.Instant
    /// When the disk was full for the first time since the newest snapshot; nil where it was not.
    private var fullSince: ContinuousClock.Instant?
    /// Bytes of the journal at the last snapshot.
    private var journalled = 0

    /// A snapshot on its way.
    private struct Snapshot {
        let begin: ContinuousClock.Instant
        let sequence: UInt64
        /// The number that it has for the engine.
        let copy: UInt64
        var byteCount = 0
    }

    /// Time between two tries after the disk was full.
    private static var retry: Duration { .seconds(10) }

    package init(
        _ plan: StatePlan, link: StateLink, disk: D, synchroniser: JournalSynchroniser<D>,
        spill: SpillFile<D>?, spareRoom: SpareRoom<D>,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        (self.plan, self.link, self.synchroniser) = (plan, link, synchroniser)
        (self.spill, self.spareRoom, self.clock) = (spill, spareRoom, clock)
        store = SnapshotStore(disk, identity: synchroniser.identity)
        synchronised = clock()
        snapshotDue = synchronised + plan.snapshotEvery
        roomDue = synchronised
    }

    /// Time until the journal is to be made durable next.
    var rest: Duration { synchronised + plan.synchroniseEvery - clock() }

    /// Does what there is to do, and says whether more may come.
    package mutating func turn() -> Bool {
        let isLast = link.engineHasEnded
        while let piece = link.takePiece() { take(piece) }
        if isLast || rest <= .zero || link.isGroupFull { synchronise() }
        guard !isLast else {
            link.storageEnds()
            return false
        }
        wantSnapshot()
        keepSpareRoom()
        return true
    }

    private mutating func synchronise() {
        let begin = clock()
        synchronised = begin
        link.beginGroup()
        if synchroniser.written > synchroniser.durable {
            switch synchroniser.synchronise() {
            case .done: break
            case .full: makeRoom()
            case .failed(let error): link.fail(error)
            }
            // It may have something to acknowledge now.
            if plan.durability == .commit { link.engineDoorbell.ring() }
        }
        let seconds = (clock() - begin) / .seconds(1)
        let unsynchronised = synchroniser.written - synchroniser.durable
        link.update {
            $0.longestSynchronisation = max($0.longestSynchronisation, seconds)
            $0.unsynchronised = unsynchronised
        }
    }

    /// Asks for a snapshot when it is time, or when the journal has grown enough.
    private mutating func wantSnapshot() {
        guard snapshot == nil else { return }
        let hasGrown = link.journalled - journalled >= plan.snapshotAfter
        guard clock() >= snapshotDue || hasGrown else { return }
        snapshotDue = clock() + Self.retry
        link.wantSnapshot()
    }

    private mutating func take(_ piece: StateLink.Piece) {
        do throws(DiskError) {
            switch piece {
            case .begin(let sequence, let copy):
                journalled = link.journalled
                snapshot = Snapshot(begin: clock(), sequence: sequence, copy: copy)
                writer = try store.begin(through: sequence)
            case .chunk(let bytes):
                snapshot?.byteCount += bytes.count
                try writer?.write(bytes.span.bytes)
            case .end: try finishSnapshot()
            case .abandoned: failSnapshot()
            }
        } catch {
            failSnapshot()
            if error == .full { makeRoom() } else { link.fail(error) }
        }
    }

    private mutating func finishSnapshot() throws(DiskError) {
        synchronise()
        // Where the journal does not get that far, the disk is full, and a snapshot must not be ahead of it.
        guard let snapshot, synchroniser.durable >= snapshot.sequence, let writer = writer.take() else {
            return failSnapshot()
        }
        try spill?.synchronise()
        try writer.finish(durable: synchroniser.durable)
        self.snapshot = nil
        if fullSince.take() != nil { spareRoom.note(isWaiting: false) }
        let duration: Duration = clock() - snapshot.begin
        // Large states take long to write: the disk is to rest for longer than it works.
        snapshotDue = clock() + max(plan.snapshotEvery, duration * 4)
        link.snapshotDone(
            copy: snapshot.copy, byteCount: snapshot.byteCount, seconds: duration / .seconds(1))
        try synchroniser.trim(through: try store.superfluous())
    }

    private mutating func failSnapshot() {
        guard snapshot != nil else { return }
        // The writer, given up, removes the file.
        writer = nil
        snapshot = nil
        snapshotDue = clock() + Self.retry
        link.snapshotFailed()
    }

    /// Gives up the spare room, so that the next snapshot has room, and with it the journal gets some; where that has not
    /// helped, the older snapshot and the journal that only it needs.
    private mutating func makeRoom() {
        let (now, isLast) = (clock(), link.isSnapshotLast)
        guard now >= roomDue || isLast else { return }
        roomDue = now + Self.retry
        let since = fullSince ?? now
        if fullSince == nil { spareRoom.note(isWaiting: true) }
        fullSince = since
        do throws(DiskError) {
            let isReleased = try spareRoom.release(at: now)
            if !isReleased, isLast || now - since >= Self.retry,
                let newest = try store.removeAll(butNewest: 1)
            {
                try synchroniser.trim(through: newest)
                link.gaveUpOlderSnapshot()
            }
        } catch {
            // Some file systems need room to remove anything.
            if error != .full { link.fail(error) }
        }
        snapshotDue = now
    }

    private func keepSpareRoom() {
        do throws(DiskError) { try spareRoom.keep(at: clock()) } catch {
            if error != .full { link.fail(error) }
        }
    }
}
