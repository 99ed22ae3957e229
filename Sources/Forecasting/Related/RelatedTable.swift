// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Which streams are related to which, and what their newest ticks were.
///
/// Streams whose rule gives the same pattern, once its gaps are filled, share a group: the first of the streams known
/// that match it, by id. A tick looks at what the others of its stream's group were at its end, as far as they are known.
struct RelatedTable: ~Copyable {
    /// What others see of a tick: when it ends, and in the stream's unit how far its value lies from the one before and
    /// from the mean.
    struct Point {
        var end: Timestamp
        var difference = 0.0
        var level = 0.0
    }

    /// What is known of a stream.
    struct Record {
        var hasCome = false
        /// Ticks so far.
        var count: UInt64 = 0
        /// The newest one's value.
        var value = 0.0
        var statistics = RollingStatistics()
        /// The unit; 0 while the stream's deviation is not settled.
        var unit = 0.0
        /// The number of the group from which the stream learns, from 1; 0 for none.
        var group: UInt32 = 0
        /// The group's version that was learned from last.
        var version: UInt32 = 0
    }

    private struct Group {
        let pattern: Glob
        /// By id; one more than are looked at, because a stream does not look at itself.
        var members: [UInt32] = []
        /// Changes of the members so far.
        var version: UInt32 = 0
    }

    /// Whether any rule relates streams.
    let isUsed: Bool
    private var records: SlotTable<Record>
    private let pages: ZeroPages
    private var groups: [Group] = []
    /// Numbers of groups, by their pattern.
    private var numbers: [String: UInt32] = [:]

    /// The most streams that one looks at.
    static let limit = Adaptation.relatedLimit
    /// Ticks of a stream that are known, for streams that are behind it.
    private static let pointCount = 8
    /// Values that the deviation is first taken from, and what a new one counts in it.
    private static let settlingCount: UInt64 = 32
    private static let weight = RollingStatistics.weight(halfLife: 5000)
    /// How many times larger or smaller the deviation may become before differences are counted anew.
    private static let unitRange = 16.0

    /// Memory that a stream takes: what is known of it, and a group of its own.
    static let bytesPerStream =
        MemoryLayout<Record>.stride + pointCount * MemoryLayout<Point>.stride
        + 2 * (MemoryLayout<Group>.stride + StreamIdentifier.maximumLength)
        + (limit + 2) * MemoryLayout<UInt32>.stride

    /// Knows no stream yet.
    init(rowCount: Int, isUsed: Bool) {
        self.isUsed = isUsed
        let rows = isUsed ? rowCount : 1
        records = SlotTable(count: rows)
        pages = ZeroPages(count: rows * Self.pointCount, stride: MemoryLayout<Point>.stride)
    }

    /// The place of a stream's tick by its number.
    private func point(_ slot: UInt32, _ number: UInt64) -> UnsafeMutablePointer<Point> {
        pages.start.assumingMemoryBound(to: Point.self)
            + (Int(slot) * Self.pointCount + Int(number % UInt64(Self.pointCount)))
    }

    /// Writes what is known of the streams below `count`, and of all groups.
    func save(streamCount count: Int, to writer: inout StateWriter) {
        writer.append(section: UnsafeRawBufferPointer(records.bytes(of: 0..<count)))
        writer.append(section: UnsafeRawBufferPointer(points(below: count)))
        writer.append(row: Array(groups.map(\.pattern.pattern).joined(separator: "\n").utf8))
        writer.append(row: groups.flatMap { [$0.version, UInt32($0.members.count)] + $0.members })
    }

    /// Sections that `save` writes.
    static let sectionCount = 4

    /// Takes over what was saved of as many streams.
    mutating func restore(streamCount count: Int, from reader: inout StateReader) throws(StateError) {
        try reader.read(sectionInto: records.bytes(of: 0..<count))
        try reader.read(sectionInto: points(below: count))
        let patterns = try reader.readRow(of: UInt8.self, atMost: 1 << 30).split(separator: 10)
        var numbers = try reader.readRow(of: UInt32.self, atMost: 1 << 30)[...]
        for pattern in patterns {
            let text = String(decoding: pattern, as: UTF8.self)
            guard let glob = try? Glob(text), let version = numbers.popFirst(), let size = numbers.popFirst(),
                size <= Self.limit + 1, numbers.count >= size,
                numbers.prefix(Int(size)).allSatisfy({ $0 < count })
            else { throw StateError("expected the streams related by \(text), found none") }
            groups.append(Group(pattern: glob, members: Array(numbers.prefix(Int(size))), version: version))
            groups[groups.count - 1].members.reserveCapacity(Self.limit + 2)
            self.numbers[text] = UInt32(groups.count)
            numbers = numbers.dropFirst(Int(size))
        }
    }

    private func points(below count: Int) -> UnsafeMutableRawBufferPointer {
        pages.bytes(of: 0..<count, stride: Self.pointCount * MemoryLayout<Point>.stride)
    }

    /// Learns of a stream that begins, of those that it is related to, if its rule says so, and whose it is.
    mutating func join(_ slot: UInt32, streams: borrowing StreamTable, pattern: Glob?) {
        records[Int(slot)].hasCome = true
        for group in groups.indices where groups[group].pattern.matches(streams.identifier(of: slot)) {
            insert(slot, group, streams)
        }
        guard let pattern else { return }
        if let number = numbers[pattern.pattern] {
            records[Int(slot)].group = number
            return
        }
        groups.append(Group(pattern: pattern))
        groups[groups.count - 1].members.reserveCapacity(Self.limit + 2)
        numbers[pattern.pattern] = UInt32(groups.count)
        records[Int(slot)].group = UInt32(groups.count)
        for other in 0..<UInt32(streams.count)
        where records[Int(other)].hasCome && pattern.matches(streams.identifier(of: other)) {
            insert(other, groups.count - 1, streams)
        }
    }

    /// Makes a stream a member of a group, if it is among the first.
    private mutating func insert(_ slot: UInt32, _ group: Int, _ streams: borrowing StreamTable) {
        var place = 0
        for member in groups[group].members where streams.isBefore(member, slot) { place += 1 }
        guard place <= Self.limit else { return }
        groups[group].members.insert(slot, at: place)
        if groups[group].members.count > Self.limit + 1 { groups[group].members.removeLast() }
        groups[group].version &+= 1
    }

    /// Takes in a stream's tick.
    mutating func note(_ tick: Tick, slot: UInt32) {
        // What is made anew for a late value has been seen.
        guard tick.revision == .none else { return }
        var record = records[Int(slot)]
        if tick.source == .observed {
            if !record.statistics.update(with: tick.value, weight: Self.weight) {
                (record.statistics, record.unit, record.count) = (RollingStatistics(), 0, 0)
            }
            settle(&record)
        }
        var point = Point(end: tick.time.advanced(by: tick.period))
        if record.unit > 0 {
            point.difference = Self.clipped((tick.value - record.value) / record.unit)
            point.level = Self.clipped((tick.value - record.statistics.mean) / record.unit)
        }
        self.point(slot, record.count).pointee = point
        record.value = tick.value
        record.count += 1
        records[Int(slot)] = record
    }

    private func settle(_ record: inout Record) {
        guard record.statistics.count >= Self.settlingCount else { return }
        let deviation = record.statistics.scale.deviation
        let ratio = deviation / record.unit
        if !(ratio <= Self.unitRange && ratio >= 1 / Self.unitRange) { record.unit = deviation }
    }

    /// Whether the streams that a stream looks at are others than the last time it was asked.
    mutating func hasChanged(for slot: UInt32) -> Bool {
        let record = records[Int(slot)]
        guard record.group > 0 else { return false }
        let version = groups[Int(record.group) - 1].version
        records[Int(slot)].version = version
        return version != record.version
    }

    /// Writes for each of the streams that a stream looks at, as they were at the end of its tick, difference and level;
    /// zeros for what is not known.
    func write(to features: UnsafeMutablePointer<Double>, of slot: UInt32, _ tick: Tick) {
        features.update(repeating: 0, count: 2 * Self.limit)
        let group = Int(records[Int(slot)].group) - 1
        guard group >= 0 else { return }
        let end = tick.time.advanced(by: tick.period)
        var next = features
        for index in groups[group].members.indices {
            let member = groups[group].members[index]
            guard member != slot, next < features + 2 * Self.limit else { continue }
            write(to: next, member, at: end)
            next += 2
        }
    }

    private func write(to features: UnsafeMutablePointer<Double>, _ slot: UInt32, at end: Timestamp) {
        let count = records[Int(slot)].count
        for back in 0..<min(count, UInt64(Self.pointCount)) {
            let point = point(slot, count - 1 - back).pointee
            guard point.end <= end else { continue }
            (features[0], features[1]) = (point.difference, point.level)
            return
        }
    }

    private static func clipped(_ difference: Double) -> Double {
        min(max(difference, -AdaptiveForecaster.limit), AdaptiveForecaster.limit)
    }
}
