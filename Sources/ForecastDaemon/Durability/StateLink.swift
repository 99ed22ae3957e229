// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
package import StateStore
import Synchronization

/// What an engine's thread shares with the thread that waits for the disk: a snapshot on its way, and what they want of
/// each other.
package final class StateLink: Sendable {
    /// A piece of a snapshot.
    enum Piece {
        /// One begins, of the state up to this record of the journal, and the number that it has for the engine.
        case begin(through: UInt64, copy: UInt64)
        case chunk([UInt8])
        case end
        /// It does not come to an end, because the disk is too slow for the memory there is.
        case abandoned
    }

    private struct State {
        var pieces: [Piece] = []
        var byteCount = 0
        var isSnapshotWanted = false
        /// Snapshots that were handed over, whether or not they have come to an end.
        var begunSnapshots: UInt64 = 0
        /// Whether the engine stops, so that what is not in the next snapshot is in none.
        var isSnapshotLast = false
        /// Whether the engine has ended, and then the storage.
        var hasEnded = (engine: false, storage: false)
        /// Whether the last snapshot did not come to an end.
        var lastFailed = false
        /// The number of the newest snapshot that is on the disk.
        var storedCopy: UInt64 = 0
        var status = StateStatus()
    }

    /// Wakes the thread of the storage, and that of the engine where it waits for it.
    let (doorbell, engineDoorbell): (Doorbell, Doorbell)
    private let state = Mutex(State())
    private let journalledCount = Atomic<Int>(0)
    /// What of that was there when the journal was made durable last.
    private let synchronisedCount = Atomic<Int>(0)
    /// Bytes after which it is to be made durable again at once.
    private let groupLimit: Int
    /// Snapshots that were begun before the newest that is done, and that one.
    private let doneSnapshotCount = Atomic<Int>(0)
    private let report: @Sendable (StateEvent) -> Void
    /// Ends the process because the disk failed: nothing is certain any more of what was written, and the next start finds
    /// out what is there.
    let fail: @Sendable (DiskError) -> Void
    /// Waits a while for the storage.
    private let wait: @Sendable (StateLink) -> Void

    /// Bytes of a snapshot that may wait for the disk before the engine stops copying for it.
    private static let waitingLimit = 32 << 20

    package init(
        engineDoorbell: Doorbell, groupLimit: Int, report: @escaping @Sendable (StateEvent) -> Void,
        fail: @escaping @Sendable (DiskError) -> Void = StateLink.end,
        wait: @escaping @Sendable (StateLink) -> Void = StateLink.sleep
    ) throws(DaemonError) {
        doorbell = try Doorbell()
        (self.engineDoorbell, self.groupLimit, self.report) = (engineDoorbell, groupLimit, report)
        (self.fail, self.wait) = (fail, wait)
    }

    /// How the state is kept.
    package var status: StateStatus {
        var status = state.withLock { $0.status }
        status.journalled = journalled
        return status
    }

    /// Ends the process at once.
    package static func end(because error: DiskError) {
        StandardError.write(
            "forecastd: \(error); the daemon ends, because nothing is certain of what it has written since: "
                + "see to the disk and start it again, it goes on with what is there\n")
        _exit(DaemonError.ExitStatus.inputOutput.rawValue)
    }
}

// What the engine's thread says.
extension StateLink {
    /// Counts bytes of the journal.
    func count(journalled bytes: Int) {
        journalledCount.add(bytes, ordering: .relaxed)
        if isGroupFull { doorbell.ring() }
    }

    /// How many snapshots, of those that were begun, one that is done contains.
    var doneSnapshots: Int { doneSnapshotCount.load(ordering: .relaxed) }

    /// There is no room on the disk.
    func isFull() {
        state.withLock { $0.status.isFull = true }
        report(.full)
    }

    /// There is room again, after so many observations that were not journalled.
    func hasRoom(lost: UInt64) {
        state.withLock {
            $0.status.isFull = false
            $0.status.lost += lost
        }
        report(.room(lost: lost))
    }

    /// Whether a snapshot was asked for since the last time.
    func takeSnapshotWish() -> Bool {
        state.withLock { state in
            defer { state.isSnapshotWanted = false }
            return state.isSnapshotWanted
        }
    }

    /// The number of the newest snapshot that is on the disk; 0 before the first since the start.
    var storedCopy: UInt64 { state.withLock { $0.storedCopy } }

    /// Hands over a piece.
    func put(_ piece: Piece) {
        state.withLock {
            $0.pieces.append(piece)
            switch piece {
            case .begin: $0.begunSnapshots += 1
            case .chunk(let bytes): $0.byteCount += bytes.count
            case .end, .abandoned: break
            }
        }
        doorbell.ring()
    }

    /// Whether the disk keeps up.
    var takesMore: Bool { state.withLock { $0.byteCount } < Self.waitingLimit }

    /// Says that nothing more comes, and waits until all is on the disk.
    func finish() {
        state.withLock { $0.hasEnded.engine = true }
        doorbell.ring()
        while !isStored { wait(self) }
    }

    /// Sleeps until the storage has done something.
    package static func sleep(_ link: StateLink) {
        link.engineDoorbell.sleep(atMost: 10) { link.isStored }
    }

    /// Says that the next snapshot is the last one, so that room for it is made at once.
    func noteLastSnapshot() { state.withLock { $0.isSnapshotLast = true } }

    /// Waits until the snapshot that was handed over last has come to an end, and says whether it is on the disk.
    func waitForSnapshot() -> Bool {
        while state.withLock({ $0.status.snapshots + $0.status.failedSnapshots < $0.begunSnapshots }) {
            wait(self)
        }
        return state.withLock { !$0.lastFailed }
    }

    /// Waits until the disk keeps up.
    func waitForRoom() { while !takesMore { wait(self) } }

    private var isStored: Bool { state.withLock { $0.hasEnded.storage } }
}

// What the storage's thread says.
extension StateLink {
    /// Bytes of the journal so far.
    var journalled: Int { journalledCount.load(ordering: .relaxed) }

    /// Whether there is so much of it that it is to be made durable at once.
    var isGroupFull: Bool { journalled - synchronisedCount.load(ordering: .relaxed) >= groupLimit }

    /// The journal is about to be made durable.
    func beginGroup() { synchronisedCount.store(journalled, ordering: .relaxed) }

    /// The next piece; nil while there is none.
    func takePiece() -> Piece? {
        state.withLock {
            guard !$0.pieces.isEmpty else { return nil }
            let piece = $0.pieces.removeFirst()
            if case .chunk(let bytes) = piece { $0.byteCount -= bytes.count }
            return piece
        }
    }

    var hasPieces: Bool { state.withLock { !$0.pieces.isEmpty } }

    /// Whether nothing more comes.
    var engineHasEnded: Bool { state.withLock { $0.hasEnded.engine } }

    /// Whether the engine stops, and no further snapshot comes by itself.
    var isSnapshotLast: Bool { state.withLock { $0.isSnapshotLast } }

    /// Asks the engine for a snapshot.
    func wantSnapshot() { state.withLock { $0.isSnapshotWanted = true } }

    /// Changes what is said of the storage.
    func update(_ change: (inout StateStatus) -> Void) { state.withLock { change(&$0.status) } }

    /// Says that a snapshot is on the disk.
    func snapshotDone(copy: UInt64, byteCount: Int, seconds: Double) {
        state.withLock {
            $0.lastFailed = false
            $0.storedCopy = copy
            $0.status.snapshots += 1
            $0.status.snapshotTime = WallClock.now()
            ($0.status.snapshotBytes, $0.status.snapshotSeconds) = (byteCount, seconds)
            let ended = Int($0.status.snapshots + $0.status.failedSnapshots)
            doneSnapshotCount.store(ended, ordering: .relaxed)
        }
        engineDoorbell.ring()
    }

    /// Says that a snapshot did not come to an end.
    func snapshotFailed() {
        let isFirst = state.withLock { state in
            state.status.failedSnapshots += 1
            defer { state.lastFailed = true }
            return !state.lastFailed
        }
        if isFirst { report(.noSnapshot) }
    }

    /// Says that there is only one snapshot now, because there was no room for the next one.
    func gaveUpOlderSnapshot() { report(.onlyNewest) }

    /// Says that all is on the disk.
    func storageEnds() {
        state.withLock { $0.hasEnded.storage = true }
        engineDoorbell.ring()
    }
}

/// How the state of the pipelines is kept.
package struct StateStatus: Sendable, Equatable {
    /// Whether the disk is full, so that what comes now does not outlast the process.
    package var isFull = false
    /// Observations that were taken in and never journalled, because the disk was full.
    package var lost: UInt64 = 0
    /// Bytes of the journal since the start.
    package var journalled = 0
    /// Snapshots since the start, and those that did not come to an end.
    package var (snapshots, failedSnapshots): (UInt64, UInt64) = (0, 0)
    /// When the newest snapshot was done, its bytes, and how long it took.
    package var snapshotTime: Timestamp?
    package var snapshotBytes = 0
    package var snapshotSeconds = 0.0
    /// Records of the journal that the kernel has and that are not known to outlast a power cut.
    package var unsynchronised: UInt64 = 0
    /// The longest that the journal took to become durable, in seconds.
    package var longestSynchronisation = 0.0

    package init() {}

    /// What is said of this and another pipeline together.
    func adding(_ other: StateStatus) -> StateStatus {
        var sum = self
        sum.add(other)
        return sum
    }

    private mutating func add(_ other: StateStatus) {
        isFull = isFull || other.isFull
        lost += other.lost
        journalled += other.journalled
        snapshots += other.snapshots
        failedSnapshots += other.failedSnapshots
        if let time = other.snapshotTime { snapshotTime = min(snapshotTime ?? time, time) }
        snapshotBytes += other.snapshotBytes
        snapshotSeconds = max(snapshotSeconds, other.snapshotSeconds)
        unsynchronised += other.unsynchronised
        longestSynchronisation = max(longestSynchronisation, other.longestSynchronisation)
    }
}
