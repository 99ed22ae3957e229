// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// The thread that waits for the disk on behalf of one engine: makes its journal durable, writes its snapshots.
struct StorageThread: ~Copyable {
    private let plan: StatePlan
    private let link: StateLink
    private let synchroniser: JournalSynchroniser<LocalDisk>
    private let store: SnapshotStore<LocalDisk>
    /// Where streams are that snapshots tell only the place of.
    private let spill: SpillFile<LocalDisk>?
    private let state: EngineState
    private var snapshot: Snapshot?
    /// Writes it; nil once there was no room.
    private var writer: SnapshotWriter<LocalDisk>?
    private var synchronised = ContinuousClock.now
    private var snapshotDue, roomDue: ContinuousClock.Instant
    /// Bytes of the journal at the last snapshot.
    private var journalled = 0

    /// A snapshot on its way.
    private struct Snapshot {
        let begin = ContinuousClock.now
        let sequence: UInt64
        /// The number that it has for the engine.
        let copy: UInt64
        var byteCount = 0
    }

    /// Time between two tries after the disk was full.
    private static let retry = Duration.seconds(10)

    /// Starts the thread.
    ///
    /// - Throws: A `DaemonError` if the system has no thread.
    static func start(
        _ plan: StatePlan, link: StateLink, number: Int, disk: LocalDisk,
        synchroniser: JournalSynchroniser<LocalDisk>, spill: SpillFile<LocalDisk>?, state: EngineState
    ) throws(DaemonError) {
        try PipelineThread.start(name: "storage \(number)") {
            var thread = StorageThread(
                plan, link: link, disk: disk, synchroniser: synchroniser, spill: spill, state: state)
            thread.run()
        }
    }

    private init(
        _ plan: StatePlan, link: StateLink, disk: LocalDisk, synchroniser: JournalSynchroniser<LocalDisk>,
        spill: SpillFile<LocalDisk>?, state: EngineState
    ) {
        (self.plan, self.link, self.synchroniser, self.state) = (plan, link, synchroniser, state)
        self.spill = spill
        store = SnapshotStore(disk, identity: synchroniser.identity)
        snapshotDue = .now + plan.snapshotEvery
        roomDue = .now
    }

    private mutating func run() {
        while true {
            let wait = synchronised + plan.synchroniseEvery - .now
            let milliseconds = Int32(max(1, min(1000, wait / .milliseconds(1))))
            link.doorbell.sleep(atMost: milliseconds) { [link] in link.hasPieces || link.engineHasEnded }
            let isLast = link.engineHasEnded
            while let piece = link.takePiece() { take(piece) }
            if isLast || ContinuousClock.now >= synchronised + plan.synchroniseEvery { synchronise() }
            if isLast { break }
            wantSnapshot()
            keepBallast()
        }
        link.storageEnds()
    }

    private mutating func synchronise() {
        let begin = ContinuousClock.now
        synchronised = begin
        if synchroniser.written > synchroniser.durable {
            switch synchroniser.synchronise() {
            case .done: break
            case .full: makeRoom()
            case .failed(let error): link.end(because: error)
            }
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
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
        guard ContinuousClock.now >= snapshotDue || hasGrown else { return }
        snapshotDue = .now + Self.retry
        link.wantSnapshot()
    }

    private mutating func take(_ piece: StateLink.Piece) {
        do throws(DiskError) {
            switch piece {
            case .begin(let sequence, let copy):
                journalled = link.journalled
                snapshot = Snapshot(sequence: sequence, copy: copy)
                writer = try store.begin(through: sequence)
            case .chunk(let bytes):
                snapshot?.byteCount += bytes.count
                try writer?.write(bytes.span.bytes)
            case .end: try finishSnapshot()
            case .abandoned: failSnapshot()
            }
        } catch {
            guard error == .full else { link.end(because: error) }
            failSnapshot()
            makeRoom()
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
        let duration: Duration = ContinuousClock.now - snapshot.begin
        // Large states take long to write: the disk is to rest for longer than it works.
        snapshotDue = ContinuousClock.now + max(plan.snapshotEvery, duration * 4)
        link.snapshotDone(
            copy: snapshot.copy, byteCount: snapshot.byteCount, seconds: duration / .seconds(1))
        try synchroniser.trim(through: try store.superfluous())
    }

    private mutating func failSnapshot() {
        guard snapshot != nil else { return }
        // The writer, given up, removes the file.
        writer = nil
        snapshot = nil
        snapshotDue = .now + Self.retry
        link.snapshotFailed()
    }

    /// Gives up the ballast, so that the next snapshot has room, and with it the journal gets some.
    private mutating func makeRoom() {
        guard ContinuousClock.now >= roomDue else { return }
        roomDue = .now + Self.retry
        do throws(DiskError) { try state.releaseBallast() } catch { link.end(because: error) }
        snapshotDue = .now
    }

    private func keepBallast() {
        do throws(DiskError) { try state.keepBallast() } catch {
            if error != .full { link.end(because: error) }
        }
    }
}
