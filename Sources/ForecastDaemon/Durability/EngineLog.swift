// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// Writes what an engine is told into the journal, before anything of it goes out.
///
/// Owned by the engine's thread. While the disk is full the engine goes on, and what is missing is counted.
struct EngineLog: ~Copyable {
    /// What the engine's thread shares with that of the storage.
    let link: StateLink
    private let keepsObservations: Bool
    private var writer: JournalWriter<LocalDisk>
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.recordLength, alignment: 8)
    private var used = 0
    private var clock: Timestamp?
    /// Observations in the buffer, and since the last step.
    private var (held, unstepped) = (0, 0)
    /// Observations that are in no record because the disk is full.
    private var lost: UInt64 = 0
    private var isFull = false

    /// The most bytes of a record.
    static let recordLength = 1 << 16

    init(_ writer: consuming JournalWriter<LocalDisk>, link: StateLink, keepsObservations: Bool) {
        self.writer = writer
        self.link = link
        self.keepsObservations = keepsObservations
    }

    deinit { buffer.deallocate() }

    /// Notes an observation that the engine is about to take in.
    mutating func note(_ observation: Observation, of identifier: RawSpan, isCopy: Bool, at now: Timestamp) {
        guard keepsObservations else { return }
        if used + TurnRecord.maximumEntryLength > buffer.count { append() }
        note(now)
        put(TurnRecord.Kind.observation.rawValue)
        put(UInt8(observation.isTimedByArrival ? 1 : 0) | (isCopy ? 2 : 0))
        put(observation.time.nanoseconds)
        put(observation.value.bitPattern)
        put(UInt8(identifier.byteCount))
        identifier.withUnsafeBytes {
            (buffer.baseAddress! + used).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        used += identifier.byteCount
        held += 1
        unstepped += 1
    }

    /// Notes that what was taken in is forecast now, and gives it all to the kernel.
    mutating func noteStep(at now: Timestamp) {
        guard unstepped > 0 else { return }
        note(now)
        put(TurnRecord.Kind.step.rawValue)
        unstepped = 0
        write()
    }

    /// Notes that streams which fell silent go on now, and gives it to the kernel.
    mutating func noteSilence(at now: Timestamp) {
        guard keepsObservations else { return }
        if used + TurnRecord.maximumEntryLength > buffer.count { append() }
        note(now)
        put(TurnRecord.Kind.silence.rawValue)
        write()
    }

    /// The number of the record up to which the engine's state is the journal's, after one more.
    ///
    /// - Precondition: The turn is over.
    mutating func mark() -> UInt64 {
        note(clock ?? Timestamp(nanoseconds: 0))
        write()
        return writer.appended
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

    private mutating func write() {
        append()
        take(writer.write())
    }

    /// Makes a record of what was noted.
    private mutating func append() {
        guard used > 0 else { return }
        let outcome = writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<used]).bytes)
        if case .done = outcome { link.count(journalled: used) } else { lost += UInt64(held) }
        (used, held) = (0, 0)
        take(outcome)
        // Whoever reads the next record does not know this one's clock.
        if outcome != .done { clock = nil }
    }

    private mutating func take(_ outcome: JournalOutcome) {
        switch outcome {
        case .done:
            guard isFull else { return }
            isFull = false
            link.hasRoom(lost: lost)
            guard lost > 0 else { return }
            put(TurnRecord.Kind.loss.rawValue)
            put(lost)
            lost = 0
        case .full:
            guard !isFull else { return }
            isFull = true
            link.isFull()
        case .failed(let error):
            link.end(because: error)
        }
    }

    /// Says in the journal how far it is durable, at the end.
    mutating func finish() {
        take(writer.mark())
        take(writer.write())
    }
}
