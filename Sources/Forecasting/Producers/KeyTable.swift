// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Keys of bytes -> slots, each of which is given again once its key is removed.
///
/// Open addressing with linear probing, at most half full; a look-up allocates nothing. The hash is seeded, because
/// senders choose the keys.
package struct KeyTable: ~Copyable {
    /// The most keys that the table takes; slots are below.
    package let capacity: Int
    /// Keys in the table.
    package var count: Int { capacity - free.count }

    private let longest: Int
    private let seed: UInt64
    private let mask: Int
    /// Slot + 1 per bucket; 0 is an empty bucket.
    private var buckets: [UInt32]
    /// By slot.
    private var hashes: [UInt64]
    /// By slot; 0 where there is no key.
    private var lengths: [Int]
    private let keys: ZeroPages
    /// Slots without a key; the last is given next.
    private var free: [UInt32]

    /// Makes an empty table for at most `capacity` keys of at most `longest` bytes.
    package init(capacity: Int, longest: Int, seed: UInt64) {
        precondition((1...1 << 30).contains(capacity) && longest >= 1, "a key table takes 1 to 2^30 keys")
        (self.capacity, self.longest, self.seed) = (capacity, longest, seed)
        var bucketCount = 16
        while bucketCount < 2 * capacity { bucketCount *= 2 }
        mask = bucketCount - 1
        buckets = [UInt32](repeating: 0, count: bucketCount)
        hashes = [UInt64](repeating: 0, count: capacity)
        lengths = [Int](repeating: 0, count: capacity)
        keys = ZeroPages(count: capacity, stride: longest)
        free = (0..<UInt32(capacity)).reversed()
    }

    /// The slot of a key; nil if it is not in the table.
    package func slot(of key: RawSpan) -> Int? {
        bucket(of: key, hash: StreamIdentifier.hash(of: key, seed: seed)).map { Int(buckets[$0] - 1) }
    }

    private func bucket(of key: RawSpan, hash: UInt64) -> Int? {
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 {
            let slot = Int(buckets[bucket] - 1)
            if hashes[slot] == hash && isEqual(key, toSlot: slot) { return bucket }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    private func isEqual(_ key: RawSpan, toSlot slot: Int) -> Bool {
        key.byteCount == lengths[slot]
            && key.withUnsafeBytes { memcmp($0.baseAddress!, keys.start + slot * longest, $0.count) == 0 }
    }

    /// Gives a key a slot.
    ///
    /// - Precondition: The key has 1 to `longest` bytes and is not in the table, which is not full.
    package mutating func insert(_ key: RawSpan) -> Int {
        precondition((1...longest).contains(key.byteCount), "a key has 1 to \(longest) bytes")
        guard let slot = free.popLast() else {
            preconditionFailure("the table is full: ask count < capacity")
        }
        let hash = StreamIdentifier.hash(of: key, seed: seed)
        key.withUnsafeBytes {
            (keys.start + Int(slot) * longest).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        (hashes[Int(slot)], lengths[Int(slot)]) = (hash, key.byteCount)
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = slot + 1
        return Int(slot)
    }

    /// Removes the key in a slot.
    ///
    /// - Precondition: There is one.
    package mutating func remove(_ slot: Int) {
        precondition(isTaken(slot), "no key in the slot")
        var hole = Int(truncatingIfNeeded: hashes[slot]) & mask
        while buckets[hole] != UInt32(slot) + 1 { hole = (hole + 1) & mask }
        // Keys behind the hole that could not be found any more move into it.
        var next = (hole + 1) & mask
        while buckets[next] != 0 {
            let home = Int(truncatingIfNeeded: hashes[Int(buckets[next] - 1)]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = 0
        lengths[slot] = 0
        free.append(UInt32(slot))
    }

    /// Whether a slot has a key.
    package func isTaken(_ slot: Int) -> Bool { lengths[slot] > 0 }

    /// The key in a slot; no bytes where there is none.
    @_lifetime(borrow self)
    package func key(_ slot: Int) -> RawSpan {
        let span = RawSpan(
            _unsafeStart: UnsafeRawPointer(keys.start + slot * longest), byteCount: lengths[slot])
        return _overrideLifetime(span, borrowing: self)
    }
}
