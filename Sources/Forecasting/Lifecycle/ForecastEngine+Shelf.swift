// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// How streams go to the shelf and come back.
//
// An entry of the shelf, behind the shelf's own header:
//
//     bytes of the id, UInt8 | id | signature of the rule | record, pieces as in a copy
extension ForecastEngine {
    /// Bytes of an entry.
    static func entryLength(id: Int, state: Int) -> Int {
        StreamShelf.headerLength + 1 + id + MemoryLayout<UInt64>.size + state
    }

    /// Puts a stream on the shelf; says whether there was room.
    mutating func spill(_ slot: UInt32, at now: Timestamp) -> Bool {
        if let fullSince, (0..<1).contains(now.seconds(since: fullSince)) { return refuseEntry() }
        let byteCount = Self.entryLength(
            id: streams.identifier(of: slot).byteCount,
            state: self.byteCount(of: slot, rule: records[Int(slot)].rule))
        guard let shelf, let place = spilled.reserve(byteCount) else { return refuseEntry() }
        writeEntry(of: slot)
        guard shelf.put(bytes(ofEntry: byteCount), place.number, place.offset) else {
            spilled.map.giveBack(place.offset, byteCount, copy: spilled.map.copyCount)
            fullSince = now
            return refuseEntry()
        }
        fullSince = nil
        spilled.insert(
            hash: spilled.hash(of: streams.identifier(of: slot)), place, byteCount: byteCount,
            deadline: anyDeadline(of: slot))
        lifecycleCounts.spilled += 1
        vacate(slot)
        return true
    }

    private mutating func refuseEntry() -> Bool {
        lifecycleCounts.unplaced += 1
        return false
    }

    private func bytes(ofEntry byteCount: Int) -> UnsafeMutableRawBufferPointer {
        precondition(byteCount <= entryCapacity, "an entry has room for the largest state of the plan")
        return UnsafeMutableRawBufferPointer(start: entry.start, count: byteCount)
    }

    /// Writes a stream's entry.
    private func writeEntry(of slot: UInt32) {
        let record = records[Int(slot)]
        var end = entry.start + StreamShelf.headerLength
        func write(_ bytes: UnsafeRawBufferPointer) {
            end.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
            end += bytes.count
        }
        streams.identifier(of: slot).withUnsafeBytes { id in
            withUnsafeBytes(of: UInt8(id.count)) { write($0) }
            write(id)
        }
        withUnsafeBytes(of: plan.signatures[record.rule].hash) { write($0) }
        withUnsafeBytes(of: record) { write($0) }
        forEachPiece(of: slot, rule: record.rule) { write(UnsafeRawBufferPointer($1)) }
    }

    /// What was found when a stream was looked for on the shelf.
    enum Return {
        /// It is not there.
        case unknown
        /// It has this slot now.
        case here(UInt32)
        /// It is there, and stays there, because there is no room for it.
        case noRoom
    }

    /// Brings a stream back if its state is on the shelf.
    mutating func bringBack(_ identifier: RawSpan, at now: Timestamp) -> Return {
        let hash = spilled.hash(of: identifier)
        var bucket: Int?
        while let index = spilled.next(hash, after: &bucket) {
            guard hasRoom(for: 1) || makeRoom(at: now) else { return .noRoom }
            guard let id = takeEntry(index) else {
                // The table is another one now.
                bucket = nil
                continue
            }
            let isSame = identifier.withUnsafeBytes { identifier in
                id.count == identifier.count && id.elementsEqual(identifier)
            }
            if isSame { return revive(index, id).map { .here($0) } ?? .unknown }
        }
        return .unknown
    }

    /// Lets time pass for streams on the shelf that something is due for.
    mutating func passTimeOfSpilled(to now: Timestamp) {
        while !isFull, let (index, time) = spilled.firstDeadline, time <= now {
            guard hasRoom(for: 1) || makeRoom(at: now) else {
                spilled.postponeFirst(to: now.advanced(by: Self.pause))
                return
            }
            guard let id = takeEntry(index), let slot = revive(index, id) else { continue }
            passTime(of: slot, to: now)
            pull(slot)
        }
    }

    /// Reads an entry and gives the id in it; nil, and the stream is lost, if it is not whole.
    private mutating func takeEntry(_ index: Int) -> UnsafeRawBufferPointer? {
        let known = spilled[index]
        // It may be of a rule whose streams took more.
        guard known.byteCount <= entryCapacity else { return lose(index) }
        let bytes = bytes(ofEntry: known.byteCount)
        guard let shelf, shelf.take(bytes, known.number, known.offset) else { return lose(index) }
        let start = StreamShelf.headerLength + 1
        let length = Int(bytes[start - 1])
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
    }

    private mutating func lose<Result>(_ index: Int) -> Result? {
        spilled.remove(index)
        lifecycleCounts.lost += 1
        forecastStreamCount -= 1
        return nil
    }

    /// Gives the stream of the entry that was read a slot; nil, and it is lost, if its rule or model is another now.
    private mutating func revive(_ index: Int, _ id: UnsafeRawBufferPointer) -> UInt32? {
        let identifier = RawSpan(_unsafeBytes: id)
        let length = spilled[index].byteCount
        var next = UnsafeRawPointer(id.baseAddress! + id.count)
        let signature = next.loadUnaligned(as: UInt64.self)
        next += MemoryLayout<UInt64>.size
        guard let rule = plan.rule(of: identifier), plan.signatures[rule].hash == signature,
            Self.entryLength(id: id.count, state: byteCount(of: 0, rule: rule)) == length, quota.take(1)
        else { return lose(index) }
        let slot = insert(identifier, rule: rule)
        withUnsafeMutableBytes(of: &records[Int(slot)]) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: next, count: MemoryLayout<StreamRecord>.size))
        }
        next += MemoryLayout<StreamRecord>.size
        records[Int(slot)].rule = rule
        forEachPiece(of: slot, rule: rule) { _, piece in
            piece.copyMemory(from: UnsafeRawBufferPointer(start: next, count: piece.count))
            next += piece.count
        }
        adaptive[rule]?.adopt(row: Int(slot))
        spilled.remove(index)
        if let time = anyDeadline(of: slot) { deadlines.require(slot, by: time) }
        watchUse(of: slot)
        lifecycleCounts.revived += 1
        return slot
    }
}
