// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import StateStore

/// Writes what an engine is told into the journal, before anything of it goes out.
///
/// Owned by the engine's thread. While the disk is full the engine goes on, and what is missing is counted.
package struct EngineLog<D: Disk>: ~Copyable {
    /// What the engine's thread shares with that of the storage.
    package let link: StateLink
    private let durability: StatePlan.Durability
    private var writer: JournalWriter<D>
    private let buffer: UnsafeMutableRawBufferPointer
    private var used = 0
    /// The clock's time in the newest entry.
    private var clock: Timestamp?
    /// Observations in the buffer, and since the last step.
    private var (held, unstepped) = (0, 0)
    /// Observations that are in no record because the disk is full.
    private var lost: UInt64 = 0
    /// While the disk is full: when it was last looked for room.
    private var fullAt: Timestamp?
    /// Whether a message of a producer is being noted, whose observations stay together.
    private var isWithinMessage = false
    private var marks = JournalMarks()
    /// Snapshots that were begun.
    private var snapshotCount = 0

    /// Seconds between two looks for room.
    private static var retryInterval: Double { 1 }

    /// Goes on behind the last record of a journal.
    package init(_ writer: consuming JournalWriter<D>, link: StateLink, durability: StatePlan.Durability) {
        buffer = .allocate(byteCount: writer.maximumPayload, alignment: 8)
        self.writer = writer
        self.link = link
        self.durability = durability
    }

    deinit { buffer.deallocate() }

    private var keepsObservations: Bool { durability != .none }

    /// Notes that a message of a producer begins, the one behind its message `previous`.
    ///
    /// - Parameter count: The most observations that follow before `endMessage`.
    mutating func beginMessage(
        _ number: UInt64, after previous: UInt64, of key: RawSpan, observations count: Int, at now: Timestamp
    ) {
        guard keepsObservations else { return }
        unstepped += 1
        let length = TurnRecord.maximumMessageLength + (count + 1) * TurnRecord.maximumEntryLength
        precondition(length <= buffer.count, "a record has room for the longest message")
        let hasBegun = begin(.message, at: now, length: length)
        isWithinMessage = true
        guard hasBegun else { return marks.lose() }
        put(previous)
        put(number)
        put(key)
    }

    /// The message is over.
    mutating func endMessage() { isWithinMessage = false }

    /// Notes an observation that the engine is about to take in.
    mutating func note(_ observation: Observation, of identifier: RawSpan, isCopy: Bool, at now: Timestamp) {
        guard keepsObservations else { return }
        unstepped += 1
        guard begin(.observation, at: now) else {
            lost += 1
            return marks.lose()
        }
        put(UInt8(observation.isTimedByArrival ? 1 : 0) | (isCopy ? 2 : 0) | (isWithinMessage ? 4 : 0))
        put(observation.time.nanoseconds)
        put(observation.value.bitPattern)
        put(identifier)
        held += 1
    }

    /// Notes that what was taken in is forecast now, and gives it all to the kernel.
    mutating func noteStep(at now: Timestamp) {
        guard unstepped > 0 else { return }
        unstepped = 0
        note(.step, at: now)
    }

    /// Notes that streams which fell silent go on now, and gives it to the kernel.
    mutating func noteSilence(at now: Timestamp) {
        if keepsObservations { note(.silence, at: now) }
    }

    /// Notes that another engine goes on, whose plan has this digest.
    mutating func noteReload(_ digest: UInt64, at now: Timestamp) {
        guard keepsObservations, begin(.reload, at: now) else { return }
        put(digest)
        write(at: now)
    }

    /// The number of the record up to which the journal leads to the engine's state, and of which there is one more now.
    ///
    /// - Precondition: The turn is over.
    mutating func mark(at now: Timestamp) -> UInt64 {
        if fullAt == nil {
            note(now)
            write(at: now)
        }
        return writer.appended
    }

    private mutating func note(_ kind: TurnRecord.Kind, at now: Timestamp) {
        if begin(kind, at: now), !isWithinMessage { write(at: now) }
    }

    /// Begins an entry, of at most so many bytes; false while the disk is full.
    private mutating func begin(
        _ kind: TurnRecord.Kind, at now: Timestamp, length: Int = TurnRecord.maximumEntryLength
    ) -> Bool {
        if used + length > buffer.count { append(at: now) }
        guard fullAt == nil else { return false }
        note(now)
        put(kind.rawValue)
        return true
    }

    private mutating func note(_ now: Timestamp) {
        guard now != clock || used == 0 else { return }
        clock = now
        put(TurnRecord.Kind.clock.rawValue)
        put(now.nanoseconds)
    }

    private mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
        buffer.storeBytes(of: number.littleEndian, toByteOffset: used, as: Number.self)
        used += MemoryLayout<Number>.size
    }

    /// Puts bytes behind their number.
    private mutating func put(_ bytes: RawSpan) {
        put(UInt8(bytes.byteCount))
        bytes.withUnsafeBytes {
            (buffer.baseAddress! + used).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        used += bytes.byteCount
    }

    private mutating func write(at now: Timestamp) {
        append(at: now)
        heed(writer.write(), at: now)
    }

    /// Makes a record of what was noted.
    private mutating func append(at now: Timestamp) {
        guard used > 0 else { return }
        let outcome = writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<used]).bytes)
        if case .done = outcome {
            link.count(journalled: used)
        } else {
            lost += UInt64(held)
            marks.lose()
        }
        (used, held) = (0, 0)
        heed(outcome, at: now)
    }

    private mutating func heed(_ outcome: JournalOutcome, at now: Timestamp) {
        switch outcome {
        case .done: break
        case .failed(let error): link.fail(error)
        case .full where fullAt == nil:
            fullAt = now
            link.isFull()
        case .full: break
        }
    }

    /// Goes on with the journal in a new segment, if there was no room and now is; to be asked in every turn.
    mutating func lookForRoom(at now: Timestamp) {
        guard let last = fullAt else { return }
        guard abs(now.seconds(since: last)) >= Self.retryInterval else { return }
        fullAt = now
        let outcome = writer.beginSegment()
        heed(outcome, at: now)
        guard outcome == .done else { return }
        fullAt = nil
        link.hasRoom(lost: lost)
        if marks.hasHole { link.wantSnapshot() }
        note(now)
        put(TurnRecord.Kind.loss.rawValue)
        put(lost)
        lost = 0
    }

    /// Says in the journal how far it is durable, at the end.
    mutating func finish(at now: Timestamp) {
        guard fullAt == nil else { return }
        heed(writer.mark(), at: now)
        heed(writer.write(), at: now)
    }
}

// How far what was told is kept, for whoever acknowledges it.
extension EngineLog {
    /// Says that the engine was told so far, in positions that the caller counts.
    ///
    /// - Precondition: The turn is over.
    mutating func note(position: UInt64) { marks.note(position, record: writer.appended) }

    /// The position up to which all that was told is kept, as the durability says.
    mutating func kept(upTo position: UInt64) -> UInt64 {
        guard keepsObservations else { return position }
        marks.advance(
            through: durability == .commit ? writer.durable : writer.written, snapshots: link.doneSnapshots)
        return marks.kept
    }

    /// A snapshot begins, of all that was told so far.
    mutating func beginSnapshot() {
        snapshotCount += 1
        marks.beginSnapshot(number: snapshotCount)
    }

    /// Whether nothing of what was told is missing in journal and snapshots because the disk is full.
    var isWhole: Bool { fullAt == nil && !marks.hasHole }
}
