// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// The thread that waits for the disk on behalf of one engine: makes its journal durable, writes its snapshots.
struct StorageThread: ~Copyable {
    private let plan: StatePlan
    private let link: StateLink
    private let synchroniser: JournalSynchroniser<LocalDisk>
    private let store: SnapshotStore<LocalDisk>
    private let state: EngineState
    private var snapshot: Snapshot?
    private var synchronised = ContinuousClock.now
    private var (snapshotDue, ballastDue): (ContinuousClock.Instant, ContinuousClock.Instant)
    /// Bytes of the journal at the last snapshot.
    private var journalled = 0

    /// A snapshot on its way.
    private struct Snapshot: ~Copyable {
        /// Nil once there was no room for it.
        var writer: SnapshotWriter<LocalDisk>?
        let begin = ContinuousClock.now
        var byteCount = 0
    }

    /// Time between two tries after the disk was full.
    private static let retry = Duration.seconds(10)

    /// Starts the thread.
    ///
    /// - Throws: A `DaemonError` if the system has no thread.
    static func start(
        _ plan: StatePlan, link: StateLink, number: Int, disk: LocalDisk,
        synchroniser: JournalSynchroniser<LocalDisk>, state: EngineState
    ) throws(DaemonError) {
        try PipelineThread.start(name: "storage \(number)") {
            var thread = StorageThread(
                plan, link: link, disk: disk, synchroniser: synchroniser, state: state)
            thread.run()
        }
    }

    private init(
        _ plan: StatePlan, link: StateLink, disk: LocalDisk, synchroniser: JournalSynchroniser<LocalDisk>,
        state: EngineState
    ) {
        (self.plan, self.link, self.synchroniser, self.state) = (plan, link, synchroniser, state)
        store = SnapshotStore(disk, identity: synchroniser.identity)
        snapshotDue = .now + plan.snapshotEvery
        ballastDue = .now
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
            case .begin(let sequence):
                journalled = link.journalled
                snapshot = Snapshot(writer: nil)
                snapshot?.writer = try store.begin(through: sequence)
            case .chunk(let bytes):
                snapshot?.byteCount += bytes.count
                try snapshot?.writer?.write(bytes.span.bytes)
            case .end: try finishSnapshot()
            case .abandoned: failSnapshot()
            }
        } catch {
            guard error == .full else { link.end(because: error) }
            makeRoom()
            failSnapshot()
        }
    }

    private mutating func finishSnapshot() throws(DiskError) {
        guard var snapshot = snapshot.take(), let writer = snapshot.writer.take() else { return }
        synchronise()
        try writer.finish(durable: synchroniser.durable)
        try synchroniser.trim(through: try store.superfluous())
        let duration: Duration = ContinuousClock.now - snapshot.begin
        // Large states take long to write: the disk is to rest for longer than it works.
        snapshotDue = ContinuousClock.now + max(plan.snapshotEvery, duration * 4)
        link.snapshotDone(byteCount: snapshot.byteCount, seconds: duration / .seconds(1))
    }

    private mutating func failSnapshot() {
        guard snapshot != nil else { return }
        // Given up here, it removes its file.
        snapshot?.writer = nil
        snapshotDue = .now + Self.retry
        snapshot = nil
        link.snapshotFailed()
    }

    /// Gives up the ballast, so that the next snapshot has room, and with it the journal gets some.
    private mutating func makeRoom() {
        ballastDue = .now + Self.retry
        do throws(DiskError) { try state.releaseBallast() } catch { link.end(because: error) }
        link.wantSnapshot()
    }

    private mutating func keepBallast() {
        guard ContinuousClock.now >= ballastDue else { return }
        ballastDue = .now + Self.retry
        do throws(DiskError) { try state.takeBallast() } catch {
            if error != .full { link.end(because: error) }
        }
    }
}
