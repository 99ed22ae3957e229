// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The streams whose state lies on the shelf: where, and when something is due for them.
///
/// They are found by a hash of their id; the entry on the shelf has the id itself.
struct SpilledStreams: ~Copyable {
    /// A stream.
    struct Entry: BitwiseCopyable {
        var hash: UInt64
        /// Tells the entry from all others that lay at its place; 0 where there is none.
        var number: UInt64
        var offset: Int
        var byteCount: Int
        /// Copies of the engine's state that had begun when it was put there.
        var copy: UInt64
        /// When something is due though no value comes; `Int64.max` if nothing is.
        var deadline: Int64
    }

    /// The most streams.
    let capacity: Int
    /// Seeds the hashes.
    private(set) var seed: UInt64
    var map: ShelfMap
    private(set) var count = 0
    private var entries: [Entry] = []
    private var free: [UInt32] = []
    /// Index of an entry + 1 per bucket, at most half of which are in use; 0 is an empty bucket.
    private var buckets: SlotTable<UInt32>
    private let mask: Int
    private var deadlines: DeadlineQueue
    private var lastNumber: UInt64 = 0

    /// Memory that a stream takes: entry, two to four buckets, deadline, places that are free.
    static let bytesPerStream =
        MemoryLayout<Entry>.stride + 4 * 4 + DeadlineQueue.bytesPerStream + 4
        + MemoryLayout<ShelfMap.Place>.stride

    /// Makes an index of no stream.
    init(capacity: Int, limit: Int, seed: UInt64) {
        self.capacity = capacity
        self.seed = seed
        map = ShelfMap(limit: limit)
        var bucketCount = 16
        while bucketCount < 2 * capacity { bucketCount *= 2 }
        mask = bucketCount - 1
        buckets = SlotTable(count: bucketCount)
        deadlines = DeadlineQueue(capacity: max(capacity, 1))
    }

    /// The hash of an id.
    func hash(of identifier: RawSpan) -> UInt64 { StreamIdentifier.hash(of: identifier, seed: seed) }

    subscript(index: Int) -> Entry { entries[index] }

    /// The stream that something is due for first.
    var firstDeadline: (index: Int, time: Timestamp)? { deadlines.first.map { (Int($0.slot), $0.time) } }

    /// Puts the first deadline off.
    mutating func postponeFirst(to time: Timestamp) { deadlines.postponeFirst(to: time) }

    /// The next stream with this hash, behind the one at `bucket`; few ids share one.
    ///
    /// - Parameter bucket: Where to go on with the search; nil to begin. Says where it ended.
    func next(_ hash: UInt64, after bucket: inout Int?) -> Int? {
        var place = bucket.map { ($0 + 1) & mask } ?? Int(truncatingIfNeeded: hash) & mask
        while buckets[place] != 0 {
            let index = Int(buckets[place]) - 1
            bucket = place
            if entries[index].hash == hash { return index }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Takes a place and a number for a stream's entry; nil if there is no room.
    mutating func reserve(_ byteCount: Int) -> (offset: Int, number: UInt64)? {
        guard count < capacity, let offset = map.take(byteCount) else { return nil }
        lastNumber += 1
        return (offset, lastNumber)
    }

    /// Remembers a stream whose entry was put at its place.
    mutating func insert(
        hash: UInt64, _ place: (offset: Int, number: UInt64), byteCount: Int, deadline: Timestamp?
    ) {
        let entry = Entry(
            hash: hash, number: place.number, offset: place.offset, byteCount: byteCount, copy: map.copyCount,
            deadline: deadline?.nanoseconds ?? .max)
        let index = Int(free.popLast() ?? UInt32(entries.count))
        if index == entries.count { entries.append(entry) } else { entries[index] = entry }
        makeFindable(index)
    }

    private mutating func makeFindable(_ index: Int) {
        let entry = entries[index]
        var bucket = Int(truncatingIfNeeded: entry.hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = UInt32(index) + 1
        if entry.deadline != .max {
            deadlines.require(UInt32(index), by: Timestamp(nanoseconds: entry.deadline))
        }
        count += 1
    }

    /// Forgets a stream, whose place is free.
    mutating func remove(_ index: Int) {
        let entry = entries[index]
        var hole = Int(truncatingIfNeeded: entry.hash) & mask
        while buckets[hole] != UInt32(index) + 1 { hole = (hole + 1) & mask }
        // As in `StreamTable.remove`.
        var bucket = (hole + 1) & mask
        while buckets[bucket] != 0 {
            let home = Int(truncatingIfNeeded: entries[Int(buckets[bucket]) - 1].hash) & mask
            if (bucket - home) & mask >= (bucket - hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = 0
        deadlines.remove(UInt32(index))
        map.giveBack(entry.offset, entry.byteCount, copy: entry.copy)
        entries[index].number = 0
        free.append(UInt32(index))
        count -= 1
    }
}

extension SpilledStreams {
    func save(to writer: inout StateWriter) {
        writer.append(row: [seed, lastNumber])
        writer.append(row: entries)
        map.save(to: &writer)
    }

    /// Sections that `save` writes.
    static let sectionCount = 2 + ShelfMap.sectionCount

    /// Takes over what was saved, as far as there is room; says how many streams there is none for.
    mutating func restore(from reader: inout StateReader) throws(StateError) -> Int {
        let numbers = try reader.readRow(of: UInt64.self, atMost: 2)
        guard numbers.count == 2 else {
            throw StateError("expected the index of spilled streams, found none")
        }
        (seed, lastNumber) = (numbers[0], numbers[1])
        let saved = try reader.readRow(of: Entry.self, atMost: 1 << 30)
        try map.restore(from: &reader)
        guard capacity > 0 else {
            map = ShelfMap(limit: 0)  // its places are of a file that nobody has here
            return saved.count { $0.number > 0 }
        }
        var left = 0
        for entry in saved where entry.number > 0 {
            guard count < capacity else {
                map.giveBack(entry.offset, entry.byteCount, copy: entry.copy)
                left += 1
                continue
            }
            entries.append(entry)
            makeFindable(entries.count - 1)
        }
        return left
    }
}
