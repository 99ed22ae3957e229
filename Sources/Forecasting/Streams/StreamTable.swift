// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The streams known so far: stream id -> slot number, first come first numbered, without gaps.
///
/// Open addressing with linear probing over the id's bytes, at most half full, so that a look-up needs no
/// `String` and allocates nothing. The hash is seeded, because senders choose the ids.
public struct StreamTable: ~Copyable {
    /// The most streams that the table takes.
    public let capacity: Int

    let seed: UInt64
    private let mask: Int
    /// Slot number + 1 per bucket; 0 is an empty bucket.
    private var buckets: [UInt32]
    /// The upper half of each slot's hash: tells most other ids apart without touching their bytes.
    private var fingerprints: [UInt32] = []
    /// Where each slot's id ends in `bytes`; it begins where the one before ends.
    private var ends: [Int] = []
    private var bytes: [UInt8] = []

    /// Makes an empty table.
    ///
    /// - Parameters:
    ///   - capacity: The most streams, 1 to 2^30.
    ///   - seed: Makes bucket numbers unpredictable to senders; has no influence on slot numbers.
    public init(capacity: Int, seed: UInt64) {
        precondition((1...1 << 30).contains(capacity), "a stream table takes 1 to 2^30 streams")
        self.capacity = capacity
        self.seed = seed
        var bucketCount = 16
        while bucketCount < 2 * capacity { bucketCount *= 2 }
        mask = bucketCount - 1
        buckets = [UInt32](repeating: 0, count: bucketCount)
        fingerprints.reserveCapacity(capacity)
        ends.reserveCapacity(capacity)
    }

    /// Memory that a stream takes besides the bytes of its id: two to four buckets, fingerprint, end.
    package static let bytesPerStream = 4 * 4 + 4 + 8

    /// Streams in the table; slots are `0..<count`.
    public var count: Int { ends.count }

    /// The slot of `identifier`, or nil if it is not in the table.
    public func slot(of identifier: RawSpan) -> UInt32? {
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 {
            let slot = buckets[bucket] - 1
            if fingerprints[Int(slot)] == UInt32(hash >> 32) && isEqual(identifier, toSlot: Int(slot)) {
                return slot
            }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    /// Gives `identifier` the next slot.
    ///
    /// - Precondition: The id is not empty, not in the table, and the table is not full.
    public mutating func insert(_ identifier: RawSpan) -> UInt32 {
        precondition(count < capacity, "the stream table is full: ask count < capacity first")
        precondition(identifier.byteCount > 0, "an id has at least one byte")
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        let slot = UInt32(count)
        buckets[bucket] = slot + 1
        identifier.withUnsafeBytes { bytes.append(contentsOf: $0) }
        fingerprints.append(UInt32(hash >> 32))
        ends.append(bytes.count)
        return slot
    }

    /// The id of the stream in `slot`.
    @_lifetime(borrow self)
    public func identifier(of slot: UInt32) -> RawSpan {
        bytes.span.bytes.extracting(byteRange(of: Int(slot)))
    }

    /// Writes all ids, in the order of their slots.
    func save(to writer: inout StateWriter) {
        writer.append(row: ends)
        writer.append(row: bytes)
    }

    /// Whether the id of one slot comes before that of another, byte by byte.
    func isBefore(_ slot: UInt32, _ other: UInt32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            bytes[byteRange(of: Int(slot))].lexicographicallyPrecedes(bytes[byteRange(of: Int(other))])
        }
    }

    private func byteRange(of slot: Int) -> Range<Int> { (slot == 0 ? 0 : ends[slot - 1])..<ends[slot] }

    private func isEqual(_ identifier: RawSpan, toSlot slot: Int) -> Bool {
        let range = byteRange(of: slot)
        guard range.count == identifier.byteCount else { return false }
        return identifier.withUnsafeBytes { given in
            bytes.withUnsafeBytes { known in
                memcmp(given.baseAddress!, known.baseAddress! + range.lowerBound, range.count) == 0
            }
        }
    }
}
