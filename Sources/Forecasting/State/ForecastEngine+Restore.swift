// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What became of saved streams in the engine that took them over.
package struct Restoration: Sendable, Equatable {
    /// Streams that go on where they were.
    package var kept = 0
    /// Streams that begin anew when they come, because their rule or their model is another now.
    package var changed = 0
    /// Streams for which there is no room any more.
    package var left = 0

    /// So many go on, and no others were there.
    package init(kept: Int = 0) { self.kept = kept }

    /// Adds what became of the streams of another engine.
    package mutating func add(_ other: Restoration) {
        kept += other.kept
        changed += other.changed
        left += other.left
    }
}

// The engine's state on its way back.
extension ForecastEngine {
    /// Takes over saved state.
    ///
    /// Under the same rules the engine goes on exactly as the one would have that was copied. Otherwise, or where several
    /// engines divide the streams in another way, those streams go on whose own rule and model are as they were, unless
    /// the plan joins streams or relates them. Streams of several states may be taken over, one state after the other.
    ///
    /// - Parameters:
    ///   - isOurs: Which streams to take, by their id.
    ///   - change: Called for each stream that is forecast by another rule or model now, and so is not taken.
    /// - Precondition: No stream has come but by this.
    /// - Throws: A `StateError` where the bytes are no state of this program; the engine is then of no use.
    package mutating func restore(
        from reader: inout StateReader, isOurs: (RawSpan) -> Bool = { _ in true },
        change: (RawSpan) -> Void = { _ in }
    ) throws(StateError) -> Restoration {
        guard try reader.read(as: UInt64.self) == Self.stateMagic else {
            throw StateError("expected saved state of this version of forecastd, found something else")
        }
        let saved = try reader.readRow(of: RuleSignature.self, atMost: 1 << 20)
        let ids = try SavedIdentifiers(from: &reader)
        let isSame =
            streams.slotCount == 0 && saved == plan.signatures && ids.count <= streams.capacity
            && (0..<ids.count).allSatisfy { ids.isFree($0) || isOurs(ids[$0]) } && quota.take(ids.usedCount)
        if isSame {
            let left = try restoreAll(ids, from: &reader)
            var result = Restoration(kept: forecastStreamCount)
            result.left = left
            return result
        }
        return try restoreSome(
            ids, rules: saved.map { plan.signatures.firstIndex(of: $0) }, isOurs, change, from: &reader)
    }

    /// Gives how many of the spilled streams there is no room for.
    private mutating func restoreAll(
        _ ids: SavedIdentifiers, from reader: inout StateReader
    ) throws(StateError) -> Int {
        for slot in 0..<ids.count {
            _ = streams.append(ids[slot])
            records.append(StreamRecord(rule: -1))
        }
        _ = try reader.read(as: UInt64.self)
        guard let counts = try reader.readRow(of: EngineCounts.self, atMost: 1).first else {
            throw StateError("expected what the engine counted, found nothing")
        }
        self.counts = counts
        try producers.restore(from: &reader)
        let left = try spilled.restore(from: &reader)
        forecastStreamCount -= left
        try deadlines.restore(from: &reader)
        if plan.rules.contains(where: { $0.idleLimit != nil }) {
            try idle.restore(from: &reader)
        } else {
            for _ in 0..<DeadlineQueue.sectionCount { try reader.skipSection() }
        }
        for forecaster in adaptive { try forecaster?.restorePool(from: &reader) }
        if hasJoins {
            let tables = joins.bytes(of: 0..<ids.count)
            for index in tables.indices { try reader.read(sectionInto: tables[index]) }
            // A member's observation may let as many targets wait for room in the queue.
            backlog.reserveCapacity(1 + ids.count)
        }
        if related.isUsed { try related.restore(streamCount: ids.count, from: &reader) }
        while let head = try readHead(of: ids, from: &reader) {
            guard head.rule < plan.rules.count,
                byteCount(of: UInt32(head.slot), rule: head.rule) == head.byteCount
            else { throw StateError("expected the state of a stream, found \(head.byteCount) bytes") }
            try read(slot: UInt32(head.slot), rule: head.rule, from: &reader)
        }
        for slot in 0..<UInt32(ids.count) where streams.isUsed(slot) { watchUse(of: slot) }
        return left
    }

    private mutating func restoreSome(
        _ ids: SavedIdentifiers, rules: [Int?], _ isOurs: (RawSpan) -> Bool,
        _ change: (RawSpan) -> Void, from reader: inout StateReader
    ) throws(StateError) -> Restoration {
        var result = Restoration()
        var sectionCount = try reader.read(as: UInt64.self)
        if let counts = try reader.readRow(of: EngineCounts.self, atMost: 1).first {
            turn = max(turn, counts.turn)
        }
        try producers.restore(from: &reader)
        // What has become of their rules is seen when they come back.
        let spilledBefore = spilled.count
        result.left = try spilled.restore(from: &reader)
        result.kept = spilled.count - spilledBefore
        forecastStreamCount += result.kept
        while sectionCount > 2 + SpilledStreams.sectionCount {
            try reader.skipSection()
            sectionCount -= 1
        }
        while let head = try readHead(of: ids, from: &reader) {
            let rule = rules.indices.contains(head.rule) ? rules[head.rule] : nil
            guard isOurs(ids[head.slot]) else {
                try reader.skip(head.byteCount)
                continue
            }
            guard let rule, plan.rule(of: ids[head.slot]) == rule, !hasJoins, !related.isUsed,
                byteCount(of: 0, rule: rule) == head.byteCount
            else {
                if head.rule >= 0 {
                    result.changed += 1
                    change(ids[head.slot])
                }
                try reader.skip(head.byteCount)
                continue
            }
            guard hasRoom(for: 1) || makeRoom(at: Timestamp(nanoseconds: 0)), quota.take(1) else {
                result.left += 1
                try reader.skip(head.byteCount)
                continue
            }
            guard streams.slot(of: ids[head.slot]) == nil else {
                throw StateError("expected each stream once, found one for the second time")
            }
            let slot = insert(ids[head.slot], rule: rule)
            try read(slot: slot, rule: rule, from: &reader)
            if let time = anyDeadline(of: slot) { deadlines.require(slot, by: time) }
            watchUse(of: slot)
            forecastStreamCount += 1
            result.kept += 1
        }
        return result
    }

    /// Reads what stands before a stream's state; nil at the end.
    private func readHead(
        of ids: SavedIdentifiers, from reader: inout StateReader
    ) throws(StateError) -> (slot: Int, rule: Int, byteCount: Int)? {
        let slot = try reader.read(as: UInt32.self)
        if slot == Self.noSlot { return nil }
        let (rule, byteCount) = (try reader.read(as: Int32.self), try reader.read(as: UInt64.self))
        guard slot < ids.count, !ids.isFree(Int(slot)), rule >= -1, byteCount < 1 << 40 else {
            throw StateError("expected one of \(ids.count) streams, found number \(slot)")
        }
        return (Int(slot), Int(rule), Int(byteCount))
    }

    /// Reads the state of a stream that has its slot already.
    private mutating func read(slot: UInt32, rule: Int, from reader: inout StateReader) throws(StateError) {
        let index = Int(slot)
        records[index] = try reader.read(as: StreamRecord.self)
        records[index].rule = rule
        try forEachPiece(of: slot, rule: rule) { (_, bytes) throws(StateError) in try reader.read(into: bytes)
        }
        if rule >= 0 { adaptive[rule]?.adopt(row: index) }
    }
}

/// The ids of saved streams, by the slots that they had.
private struct SavedIdentifiers {
    private let ends: [Int]
    private let bytes: [UInt8]

    init(from reader: inout StateReader) throws(StateError) {
        ends = try reader.readRow(of: Int.self, atMost: 1 << 30)
        bytes = try reader.readRow(of: UInt8.self, atMost: StreamIdentifier.maximumLength * ends.count)
        guard ends.last ?? 0 == bytes.count, zip([0] + ends, ends).allSatisfy(<=) else {
            throw StateError("expected the ids of \(ends.count) streams, found them out of place")
        }
        for slot in ends.indices where !isFree(slot) && !StreamIdentifier.isValid(self[slot]) {
            throw StateError("expected the id of a stream, found other bytes")
        }
    }

    /// Slots.
    var count: Int { ends.count }

    /// Slots with a stream.
    var usedCount: Int { ends.indices.count { !isFree($0) } }

    /// Whether no stream was in a slot.
    func isFree(_ slot: Int) -> Bool { self[slot].byteCount == 0 }

    subscript(slot: Int) -> RawSpan {
        @_lifetime(borrow self)
        get { bytes.span.bytes.extracting((slot == 0 ? 0 : ends[slot - 1])..<ends[slot]) }
    }
}
