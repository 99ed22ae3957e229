// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Streams that are let go for a time: for which there is no room, or for which no value comes. Their state goes to the shelf
// and comes back, as it was, with their next value, or when something is due for them.
extension ForecastEngine {
    /// Gives the engine a shelf.
    ///
    /// - Precondition: The plan has a limit for one, and no stream has come.
    package mutating func use(_ shelf: StreamShelf) {
        precondition(plan.spillLimit > 0 && streams.count == 0, "a shelf has a limit, and comes first")
        self.shelf = shelf
        entryCapacity = Self.entryLength(
            id: StreamIdentifier.maximumLength,
            state: plan.rules.indices.map { byteCount(of: 0, rule: $0) }.max() ?? 0)
        entry = ZeroPages(count: 1, stride: entryCapacity)
    }

    /// Whether streams have somewhere to go.
    var spills: Bool { shelf != nil }

    /// Streams whose state is on the shelf.
    public var spilledCount: Int { spilled.count }
    /// Bytes of the shelf, places without an entry included.
    public var shelfByteCount: Int { spilled.map.byteCount }

    /// Time before a shelf that was full is tried again, in nanoseconds.
    static var pause: Int64 { 1_000_000_000 }
    /// The most streams that are let go in one go because no value comes.
    private static var idleLimit: Int { 64 }

    /// Takes note of a stream's observation.
    @inline(__always)
    mutating func use(_ slot: UInt32, at now: Timestamp) {
        useCount += 1
        records[Int(slot)].came = now
        records[Int(slot)].use = useCount
    }

    /// Begins to watch when a stream that has come into memory is used.
    mutating func watchUse(of slot: UInt32) {
        let record = records[Int(slot)]
        useCount = max(useCount, record.use)
        if spills { uses.require(slot, by: Timestamp(nanoseconds: record.use)) }
        if let time = idleTime(of: slot) { idle.require(slot, by: time) }
    }

    /// When a stream is let go if no value comes; nil for never.
    private func idleTime(of slot: UInt32) -> Timestamp? {
        let record = records[Int(slot)]
        guard record.rule >= 0, let limit = plan.rules[record.rule].idleLimit else { return nil }
        let (sum, overflow) = record.came.nanoseconds.addingReportingOverflow(limit)
        return overflow ? nil : Timestamp(nanoseconds: sum)
    }

    /// Lets the least recently used stream go that has no tick waiting.
    ///
    /// - Returns: Whether there is room for one more now.
    mutating func makeRoom(at now: Timestamp) -> Bool {
        guard spills else { return false }
        while let (slot, time) = uses.first {
            let use = records[Int(slot)].use
            if use > time.nanoseconds {
                uses.postponeFirst(to: Timestamp(nanoseconds: use))
            } else if records[Int(slot)].turn == turn {
                useCount += 1
                records[Int(slot)].use = useCount
            } else {
                return spill(slot, isIdle: false, at: now)
            }
        }
        return false
    }

    /// Lets streams go for which no value comes, when nothing is due for them any more.
    mutating func letIdleGo(at now: Timestamp) {
        for _ in 0..<Self.idleLimit {
            guard let (slot, time) = idle.first, time <= now else { return }
            guard let due = idleTime(of: slot) else {
                idle.removeFirst()
                continue
            }
            if due > now {
                idle.postponeFirst(to: due)
                continue
            }
            let deadline = anyDeadline(of: slot)
            if records[Int(slot)].turn == turn || deadline.map({ $0 <= now }) ?? false { return }
            if let deadline {
                idle.postponeFirst(to: deadline)
            } else if !spills {
                forget(slot)
            } else if !spill(slot, isIdle: true, at: now) {
                idle.postponeFirst(to: now.advanced(by: Self.pause))
            }
        }
    }

    private mutating func forget(_ slot: UInt32) {
        let (index, rule) = (Int(slot), records[Int(slot)].rule)
        if watches.isAlarmOn(index, rule: rule) { watches.counts.alarmsEnded += 1 }
        if watches.drifts[index].isDrifting { watches.counts.driftsEnded += 1 }
        lifecycleCounts.forgotten += 1
        noteLetGo(.forgotten, slot)
        forecastStreamCount -= 1
        vacate(slot)
    }

    /// Takes note that a stream is let go whose newest value stands in its record.
    mutating func noteLetGo(_ kind: Decision.Kind, _ slot: UInt32) {
        let record = records[Int(slot)]
        let setting: Decision.Setting =
            kind == .spilled(isIdle: false)
            ? .count(plan.streamsLimit) : plan.rules[record.rule].idleLimit.map { .duration($0) } ?? .none
        let newest = record.resampler.newest
        note(kind, slot, to: newest.time, value: newest.value, setting)
    }

    /// Leaves nothing of a stream in its slot.
    mutating func vacate(_ slot: UInt32) {
        preserve(slot)
        let rule = records[Int(slot)].rule
        adaptive[rule]?.forsake(row: Int(slot))
        forEachPiece(of: slot, rule: rule) { _ = $1.initializeMemory(as: UInt8.self, repeating: 0) }
        traces.clear(slot, rule: rule)
        deadlines.remove(slot)
        uses.remove(slot)
        idle.remove(slot)
        streams.remove(slot)
        records[Int(slot)] = StreamRecord(rule: -1)
        quota.giveBack(1)
    }
}
