// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The last decisions for streams, by their ids: whoever has a slot later has nothing to do with them.
///
/// Streams share sets of eight places, by a hash of their id, as addresses do in a cache. Where a set is full, the stream
/// gives way whose last decision is longest ago; what is minor takes no place of what is not, and less than an hour old. A stream has 16 entries,
/// and what is decided again within a minute is counted in one: neither a flood of one stream nor one of strangers
/// pushes out what is known of others. Nothing of it is state: it is not saved, and has no effect.
package struct DecisionTable: ~Copyable {
    /// Whose decisions a place holds.
    private struct Head: BitwiseCopyable {
        var hash: UInt64
        /// The number of its last change.
        var change: UInt64
        /// Bytes of the id; 0 in an empty place.
        var length: UInt8
        /// Entries in use.
        var count: UInt8
        /// Whether all of them are minor.
        var isMinor: Bool
        /// When the last one was taken.
        var last: Timestamp
    }

    /// Entries of a stream.
    static let length = 16
    /// Places of a set.
    private static let ways = 8
    /// The most streams that there are places for with some to spare, as sets do not fill evenly.
    private static let mostStreams = 2048
    private static let idLength = StreamIdentifier.maximumLength

    /// The clock's time.
    package var clock = Timestamp(nanoseconds: 0)
    /// Decisions so far.
    package private(set) var changeCount: UInt64 = 0
    private let seed: UInt64
    private let mask: Int
    private var heads: SlotTable<Head>
    private var entries: SlotTable<Decision>
    private let ids: ZeroPages

    /// Makes an empty table for an engine with so many streams; what is never used takes no memory.
    package init(streamsLimit: Int, seed: UInt64) {
        self.seed = seed
        mask = Self.setCount(streamsLimit) - 1
        let places = (mask + 1) * Self.ways
        heads = SlotTable(count: places)
        entries = SlotTable(count: places * Self.length)
        ids = ZeroPages(count: places, stride: Self.idLength)
    }

    private static func setCount(_ streamsLimit: Int) -> Int {
        var count = 1
        while count * ways < 2 * min(streamsLimit, mostStreams) { count *= 2 }
        return count
    }

    /// The most memory that a table takes, in bytes.
    static func byteCount(streamsLimit: Int) -> Int {
        setCount(streamsLimit) * ways
            * (MemoryLayout<Head>.stride + length * MemoryLayout<Decision>.stride + idLength)
    }

    /// Takes note of a decision, now.
    package mutating func note(
        _ kind: Decision.Kind, of identifier: RawSpan, from begin: Timestamp, to end: Timestamp,
        value: Double, _ setting: Decision.Setting
    ) {
        let decision = Decision(
            kind: kind, change: changeCount + 1, first: clock, last: clock, begin: begin, end: end,
            value: value, setting: setting)
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        guard let place = place(of: identifier, hash) ?? newPlace(identifier, hash, decision.isMinor) else {
            return
        }
        changeCount += 1
        (heads[place].change, heads[place].last) = (changeCount, clock)
        heads[place].isMinor = heads[place].isMinor && decision.isMinor
        put(decision, in: place)
    }

    /// Counts the decision where it is known already, or else puts it in an empty entry, or in that of the oldest.
    private mutating func put(_ decision: Decision, in place: Int) {
        let (first, count) = (place * Self.length, Int(heads[place].count))
        var oldest = first
        for index in first..<first + count {
            if entries[index].isLike(decision) {
                entries[index].repeated(as: decision)
                entries[index].change = decision.change
                return
            }
            if entries[index].change < entries[oldest].change { oldest = index }
        }
        guard count < Self.length else { return entries[oldest] = decision }
        entries[first + count] = decision
        heads[place].count += 1
    }

    private func set(_ hash: UInt64) -> Range<Int> {
        let first = (Int(truncatingIfNeeded: hash) & mask) * Self.ways
        return first..<first + Self.ways
    }

    private func place(of identifier: RawSpan, _ hash: UInt64) -> Int? {
        for place in set(hash) where heads[place].hash == hash {
            guard Int(heads[place].length) == identifier.byteCount else { continue }
            let isSame = identifier.withUnsafeBytes {
                memcmp($0.baseAddress!, ids.start + place * Self.idLength, $0.count) == 0
            }
            if isSame { return place }
        }
        return nil
    }

    /// Whether a place is given up for whatever comes: what it holds is minor, or an hour old.
    private func gives(_ place: Int) -> Bool {
        heads[place].isMinor || abs(clock.seconds(since: heads[place].last)) >= 3600
    }

    /// A place for a stream that has none; nil if what is there is not to give way.
    private mutating func newPlace(_ identifier: RawSpan, _ hash: UInt64, _ isMinor: Bool) -> Int? {
        var victim: Int?
        for place in set(hash) {
            if heads[place].length == 0 {
                victim = place
                break
            }
            guard gives(place) || !isMinor else { continue }
            let isBetter = victim.map { victim in
                gives(place) != gives(victim) ? gives(place) : heads[place].change < heads[victim].change
            }
            if isBetter ?? true { victim = place }
        }
        guard let victim else { return nil }
        heads[victim] = Head(
            hash: hash, change: 0, length: UInt8(identifier.byteCount), count: 0, isMinor: true, last: clock)
        identifier.withUnsafeBytes {
            (ids.start + victim * Self.idLength).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        return victim
    }
}

// For whoever looks.
extension DecisionTable {
    /// What was decided for a stream of late, the newest last.
    package func decisions(of identifier: RawSpan) -> [Decision] {
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        guard let place = place(of: identifier, hash) else { return [] }
        return decisions(in: place)
    }

    /// Places of streams, used or not.
    package var placeCount: Int { (mask + 1) * Self.ways }

    /// Whether a value of the stream in a place was dropped, or came late, after change number `change`.
    package func hasDrop(in place: Int, after change: UInt64) -> Bool {
        guard heads[place].change > change else { return false }
        let first = place * Self.length
        return (first..<first + Int(heads[place].count)).contains {
            entries[$0].isDrop && entries[$0].change > change
        }
    }

    /// The same of the stream in a place.
    package func decisions(in place: Int) -> [Decision] {
        let first = place * Self.length
        return (first..<first + Int(heads[place].count)).map { entries[$0] }.sorted { $0.change < $1.change }
    }

    /// The id of the stream in a place.
    @_lifetime(borrow self)
    package func identifier(in place: Int) -> RawSpan {
        let span = RawSpan(
            _unsafeStart: UnsafeRawPointer(ids.start + place * Self.idLength),
            byteCount: Int(heads[place].length))
        return _overrideLifetime(span, borrowing: self)
    }
}
