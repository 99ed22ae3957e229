// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The engine's state on its way out.
//
//     magic | signature per rule | ids
//     sections: counts | producers | spilled streams | deadlines | idle streams | pooled scores | members and targets |
//               related streams
//     slot | rule | bytes | record, pieces     for each stream, in any order
//     no slot                                  the end
//
// Numbers are as they lie in memory; `RuleSignature` tells whether another program means the same by them.
extension ForecastEngine {
    /// What saved state begins with: "forecas2" in ASCII.
    static let stateMagic: UInt64 = 0x3273_6163_6572_6f66
    /// What stands in place of a slot at the end.
    static let noSlot = UInt32.max

    /// Begins to copy the state as it is now.
    ///
    /// The engine may go on: `copyStreams` takes what is left little by little, and streams that change before are copied
    /// first.
    ///
    /// - Precondition: The turn is over: `advance` has returned false since the last `accept`; no copy is being taken.
    public mutating func beginCopy() {
        precondition(queue.isEmpty && backlog.isEmpty, "the turn before must be over")
        let count = streams.slotCount
        copy.begin(streamCount: count)
        for slot in streams.free { _ = copy.claims(Int(slot)) }
        spilled.map.beginCopy()
        copy.writer.append(Self.stateMagic)
        copy.writer.append(row: plan.signatures)
        streams.save(to: &copy.writer)
        copy.writer.append(UInt64(sharedSectionCount))
        copy.writer.append(row: [counts])
        producers.save(to: &copy.writer)
        spilled.save(to: &copy.writer)
        deadlines.save(to: &copy.writer)
        idle.save(to: &copy.writer)
        for forecaster in adaptive { forecaster?.savePool(to: &copy.writer) }
        if hasJoins {
            let tables = joins.bytes(of: 0..<count)
            for index in tables.indices {
                copy.writer.append(section: UnsafeRawBufferPointer(tables[index]))
            }
        }
        if related.isUsed { related.save(streamCount: count, to: &copy.writer) }
    }

    /// Sections of what streams share.
    private var sharedSectionCount: Int {
        2 + SpilledStreams.sectionCount + 2 * DeadlineQueue.sectionCount + adaptive.count { $0 != nil }
            + (hasJoins ? JoinTable.sectionCount : 0)
            + (related.isUsed ? RelatedTable.sectionCount : 0)
    }

    /// Copies streams until about so many bytes are written, or all are.
    ///
    /// - Returns: Whether there are more.
    /// - Precondition: A copy is being taken, and the turn is over.
    public mutating func copyStreams(atMost byteCount: Int) -> Bool {
        precondition(copy.isActive && queue.isEmpty && backlog.isEmpty, "a copy is taken between turns")
        let limit = copy.writer.byteCount + byteCount
        while copy.writer.byteCount < limit {
            guard let slot = copy.claimNext() else {
                copy.writer.append(Self.noSlot)
                copy.writer.finish()
                copy.end()
                return false
            }
            copyNow(slot)
        }
        return true
    }

    /// Copies the whole state as it is now, chunk by chunk.
    ///
    /// - Precondition: As for `beginCopy`.
    package mutating func copyAll<Failure>(
        to put: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        beginCopy()
        while copyStreams(atMost: StateWriter.chunkLength) {
            while let chunk = takeCopiedChunk() { try put(chunk) }
        }
        while let chunk = takeCopiedChunk() { try put(chunk) }
    }

    /// The number of the newest copy, from 1.
    package var copyNumber: UInt64 { spilled.map.copyCount }

    /// Takes note that the copy of this number is stored; no other than this and the one before is gone back to.
    package mutating func note(stored copy: UInt64) { spilled.map.note(stored: copy) }

    /// Whether a copy is being taken.
    public var isCopying: Bool { copy.isActive }

    /// Bytes of the copy that nobody has taken yet.
    package var copiedByteCount: Int { copy.writer.byteCount }

    /// The next chunk of the copy; nil while none is full.
    public mutating func takeCopiedChunk() -> [UInt8]? { copy.writer.takeChunk() }

    /// Takes no copy after all.
    package mutating func abandonCopy() {
        copy.end()
        copy.writer = StateWriter()
    }

    /// Copies a stream that is about to change, if a copy is being taken that has not come to it.
    @inline(__always)
    mutating func preserve(_ slot: UInt32) {
        if copy.isActive && copy.claims(Int(slot)) { copyNow(slot) }
    }

    private mutating func copyNow(_ slot: UInt32) {
        let record = records[Int(slot)]
        // The writer is taken out for as long as the rest of the engine is read.
        var writer = StateWriter()
        swap(&writer, &copy.writer)
        writer.append(slot)
        writer.append(Int32(record.rule))
        writer.append(UInt64(byteCount(of: slot, rule: record.rule)))
        writer.append(record)
        forEachPiece(of: slot, rule: record.rule) { writer.append(UnsafeRawBufferPointer($1)) }
        swap(&writer, &copy.writer)
    }

    /// Bytes of a stream's record and pieces.
    func byteCount(of slot: UInt32, rule: Int) -> Int {
        var count = MemoryLayout<StreamRecord>.size
        forEachPiece(of: slot, rule: rule) { count += $1.count }
        return count
    }

    /// Calls `body` with each piece of memory that is the state of a stream under a rule, besides its record and what
    /// joins it with others.
    func forEachPiece<Failure>(
        of slot: UInt32, rule index: Int,
        _ body: (StatePiece, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let row = Int(slot)
        try body(.refusals, refusalCounts.bytes(of: row))
        guard index >= 0 else { return }
        let rule = plan.rules[index]
        let runner = runners[rule.model]
        try body(.model, runner.bytes(of: slot))
        if rule.time.every != .event { try body(.openTicks, openTicks.bytes(of: row..<row + 1)) }
        if rule.time.windowLength > 0 { try body(.window, windows.bytes(of: slot, rule: index)) }
        if rule.time.every == .auto { try body(.differences, differences.bytes(of: row..<row + 1)) }
        if rule.time.reorders {
            let held = held.bytes(of: row)
            try body(.heldRing, held.ring)
            try body(.held, held.held)
        }
        if rule.values.needsLastValue { try body(.lastValue, lastValues.bytes(of: row..<row + 1)) }
        if let forecaster = adaptive[index] { try body(.adaptation, forecaster.bytes(of: row)) }
        if rule.anomalies != nil { try body(.anomalies, watches.anomalies.bytes(of: row..<row + 1)) }
        try body(.drift, watches.drifts.bytes(of: row..<row + 1))
        guard rule.time.reviseLimit > 0 else { return }
        let rings = checkpoints.bytes(of: slot)
        try body(.checkpoints, rings[0])
        try body(.checkpointLines, rings[1])
        try body(.checkpointStates, rings[2])
        for number in 0..<checkpoints.length {
            guard let state = runner.bytes(ofCheckpoint: checkpoints.index(number, slot)) else { break }
            try body(.checkpointModels, state)
        }
    }
}
