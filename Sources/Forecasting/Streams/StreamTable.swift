// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ids -> slot numbers: of the streams in memory, and of whatever else senders name.
///
/// A slot that a stream was taken out of is given to the next one that comes; else slots are numbered first come first.
///
/// Open addressing with linear probing over the id's bytes, at most half full, so that a look-up needs no
/// `String` and allocates nothing. The hash is seeded, because senders choose the ids.
public struct StreamTable: ~Copyable {
    /// The most streams that the table takes at once.
    public let capacity: Int
    /// Slots that have had a stream; they are `0..<slotCount`.
    public private(set) var slotCount = 0

    let seed: UInt64
    private let mask: Int
    private let longest: Int
    /// Slot number + 1 per bucket; 0 is an empty bucket.
    private var buckets: [UInt32]
    /// The upper half of each slot's hash: tells most other ids apart without touching their bytes.
    private var fingerprints: [UInt32] = []
    /// Bytes of each slot's id; 0 in a slot without a stream.
    private var lengths: [UInt8] = []
    /// The ids, each in a place of `longest` bytes.
    private let pages: ZeroPages
    /// Slots that streams were taken out of.
    private(set) var free: [UInt32] = []

    /// Makes an empty table.
    ///
    /// - Parameters:
    ///   - capacity: The most streams, 1 to 2^30.
    ///   - longest: The most bytes of an id, 1 to 255.
    ///   - seed: Makes bucket numbers unpredictable to senders; has no influence on slot numbers.
    public init(capacity: Int, longest: Int = StreamIdentifier.maximumLength, seed: UInt64) {
        precondition((1...1 << 30).contains(capacity), "a stream table takes 1 to 2^30 streams")
        precondition((1...255).contains(longest), "an id has 1 to 255 bytes")
        self.capacity = capacity
        self.longest = longest
        self.seed = seed
        var bucketCount = 16
        while bucketCount < 2 * capacity { bucketCount *= 2 }
        mask = bucketCount - 1
        buckets = [UInt32](repeating: 0, count: bucketCount)
        fingerprints.reserveCapacity(capacity)
        lengths.reserveCapacity(capacity)
        pages = ZeroPages(count: capacity, stride: longest)
    }

    /// Memory that a stream takes besides the place of its id: two to four buckets, fingerprint, length, its slot once it is
    /// free.
    package static let bytesPerStream = 4 * 4 + 4 + 1 + 4

    /// Streams in the table.
    public var count: Int { slotCount - free.count }

    /// The slot of `identifier`, or nil if it is not in the table.
    public func slot(of identifier: RawSpan) -> UInt32? {
        let hash = hash(of: identifier)
        var bucket = home(of: hash)
        while buckets[bucket] != 0 {
            let slot = buckets[bucket] - 1
            if fingerprints[Int(slot)] == UInt32(hash >> 32) && isEqual(identifier, toSlot: Int(slot)) {
                return slot
            }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    /// Gives `identifier` a slot.
    ///
    /// - Precondition: The id has 1 to `longest` bytes, is not in the table, and the table is not full.
    public mutating func insert(_ identifier: RawSpan) -> UInt32 {
        guard let slot = free.popLast() else { return append(identifier) }
        put(identifier, into: slot)
        return slot
    }

    /// Gives `identifier` the next slot that has had no stream; without an id, nobody has it.
    mutating func append(_ identifier: RawSpan) -> UInt32 {
        precondition(slotCount < capacity, "the stream table is full: ask count < capacity first")
        let slot = UInt32(slotCount)
        slotCount += 1
        fingerprints.append(0)
        lengths.append(0)
        if identifier.byteCount == 0 { free.append(slot) } else { put(identifier, into: slot) }
        return slot
    }

    private mutating func put(_ identifier: RawSpan, into slot: UInt32) {
        precondition((1...longest).contains(identifier.byteCount), "an id has at least one byte")
        let hash = hash(of: identifier)
        var bucket = home(of: hash)
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = slot + 1
        fingerprints[Int(slot)] = UInt32(hash >> 32)
        lengths[Int(slot)] = UInt8(identifier.byteCount)
        identifier.withUnsafeBytes {
            place(of: Int(slot)).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
    }

    /// Takes the stream in `slot` out.
    public mutating func remove(_ slot: UInt32) {
        precondition(isUsed(slot), "no stream is in the slot")
        var hole = home(of: hash(of: identifier(of: slot)))
        while buckets[hole] != slot + 1 { hole = (hole + 1) & mask }
        // What lies behind comes closer to its home, so that every id is found without a gap before it.
        var bucket = (hole + 1) & mask
        while buckets[bucket] != 0 {
            let home = home(of: hash(of: identifier(of: buckets[bucket] - 1)))
            if (bucket - home) & mask >= (bucket - hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = 0
        lengths[Int(slot)] = 0
        free.append(slot)
    }

    /// Whether there is a stream in `slot`, which is below `slotCount`.
    public func isUsed(_ slot: UInt32) -> Bool { lengths[Int(slot)] > 0 }

    /// The id of the stream in `slot`; empty where there is none.
    @_lifetime(borrow self)
    public func identifier(of slot: UInt32) -> RawSpan {
        let span = RawSpan(
            _unsafeStart: UnsafeRawPointer(place(of: Int(slot))), byteCount: Int(lengths[Int(slot)]))
        return _overrideLifetime(span, borrowing: self)
    }

    /// Writes the ids of all slots, in their order.
    func save(to writer: inout StateWriter) {
        var (ends, bytes): ([Int], [UInt8]) = ([], [])
        ends.reserveCapacity(slotCount)
        bytes.reserveCapacity(lengths.reduce(0) { $0 + Int($1) })
        for slot in 0..<UInt32(slotCount) {
            identifier(of: slot).withUnsafeBytes { bytes.append(contentsOf: $0) }
            ends.append(bytes.count)
        }
        writer.append(row: ends)
        writer.append(row: bytes)
    }

    /// Whether the id of one slot comes before that of another, byte by byte.
    func isBefore(_ slot: UInt32, _ other: UInt32) -> Bool {
        identifier(of: slot).withUnsafeBytes { left in
            identifier(of: other).withUnsafeBytes { left.lexicographicallyPrecedes($0) }
        }
    }

    private func hash(of identifier: RawSpan) -> UInt64 {
        StreamIdentifier.hash(of: identifier, seed: seed)
    }

    private func home(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

    private func place(of slot: Int) -> UnsafeMutableRawPointer {
        precondition(slot < slotCount, "no such slot")
        return pages.start + slot * longest
    }

    private func isEqual(_ identifier: RawSpan, toSlot slot: Int) -> Bool {
        let length = Int(lengths[slot])
        guard length == identifier.byteCount else { return false }
        return identifier.withUnsafeBytes { memcmp($0.baseAddress!, place(of: slot), length) == 0 }
    }
}
