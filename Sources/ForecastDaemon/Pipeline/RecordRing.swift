// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Records of varying length on their way from one thread to one other, in order, without locks.
///
/// The memory is one ring of bytes:
///
///     ... | length | body, padded to 8 bytes | length | body | -1, the rest is unused | (wraps)
///           ^ head: read up to here                           ^ tail: written up to here
///
/// Only the writer moves `tail` and only the reader moves `head`, each after it is done with the bytes between. Both
/// count for ever; modulo the capacity they are places. The ends are `RecordWriter` and `RecordReader`.
package final class RecordRing: @unchecked Sendable {
    fileprivate let capacity: Int
    fileprivate let bytes: UnsafeMutableRawPointer
    fileprivate let tail = Atomic<Int>(0)
    // The two ends' counters on cache lines of their own, or each write would take the other end's line away.
    private let padding: InlineArray<16, UInt64> = .init(repeating: 0)
    fileprivate let head = Atomic<Int>(0)
    private let isFinished = Atomic<Bool>(false)

    /// The bytes that a record takes besides its body's padding.
    fileprivate static let headerLength = 8
    /// Stands for a length where the writer goes on at the ring's beginning.
    fileprivate static let wrapMark = -1

    /// Makes a ring.
    ///
    /// - Parameter minimumCapacity: Bytes; a record may take at most a quarter of them.
    package init(minimumCapacity: Int) {
        var capacity = 4096
        while capacity < minimumCapacity { capacity *= 2 }
        self.capacity = capacity
        bytes = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { bytes.deallocate() }

    /// Says that no record follows any more, after the last flush.
    package func finish() { isFinished.store(true, ordering: .sequentiallyConsistent) }

    /// Whether everything was written and read.
    package var isDrained: Bool { isFinished.load(ordering: .sequentiallyConsistent) && isEmpty }

    /// Whether all records that were flushed have been read.
    package var isEmpty: Bool {
        tail.load(ordering: .sequentiallyConsistent) == head.load(ordering: .sequentiallyConsistent)
    }

    /// Whether `count` records of `length` bytes are certain to fit.
    package func hasRoom(for length: Int, count: Int = 1) -> Bool {
        let used = tail.load(ordering: .sequentiallyConsistent) - head.load(ordering: .sequentiallyConsistent)
        return capacity - used >= (count + 1) * Self.size(length)
    }

    /// The bytes that a record takes; as many more are enough wherever one has to wrap.
    fileprivate static func size(_ length: Int) -> Int { headerLength + (length + 7) / 8 * 8 }
}

/// The end of a ring that records go in by, owned by one thread.
package struct RecordWriter: ~Copyable {
    package let ring: RecordRing
    // Copies: in the ring they share a cache line with the counter that the writer dirties.
    private let bytes: UnsafeMutableRawPointer
    private let capacity: Int
    private var position = 0
    /// How far the reader had come when it was last asked.
    private var knownHead = 0

    package init(_ ring: RecordRing) {
        self.ring = ring
        (bytes, capacity) = (ring.bytes, ring.capacity)
    }

    /// Room for the body of a record of `length` bytes, 8-byte aligned; nil while the ring is too full.
    ///
    /// The body is to be filled before the next call; the reader sees it after `flush`.
    /// - Precondition: The record takes at most a quarter of the ring.
    package mutating func append(_ length: Int) -> UnsafeMutableRawBufferPointer? {
        let size = RecordRing.size(length)
        precondition(4 * size <= capacity, "a record takes at most a quarter of its ring")
        var place = position & (capacity - 1)
        let skipped = place + size > capacity ? capacity - place : 0
        if position + skipped + size - knownHead > capacity {
            knownHead = ring.head.load(ordering: .acquiring)
            guard position + skipped + size - knownHead <= capacity else { return nil }
        }
        if skipped > 0 {
            bytes.storeBytes(of: RecordRing.wrapMark, toByteOffset: place, as: Int.self)
            place = 0
        }
        bytes.storeBytes(of: length, toByteOffset: place, as: Int.self)
        position += skipped + size
        return UnsafeMutableRawBufferPointer(
            start: bytes + place + RecordRing.headerLength, count: length)
    }

    /// Whether `count` records of at most `length` bytes find room.
    package mutating func hasRoom(for count: Int, ofAtMost length: Int) -> Bool {
        let needed = (count + 1) * RecordRing.size(length)
        if position + needed - knownHead > capacity { knownHead = ring.head.load(ordering: .acquiring) }
        return position + needed - knownHead <= capacity
    }

    /// Lets the reader see what was appended.
    package func flush() { ring.tail.store(position, ordering: .sequentiallyConsistent) }
}

/// The end of a ring that records come out by, owned by one thread.
package struct RecordReader: ~Copyable {
    package let ring: RecordRing
    private let bytes: UnsafeMutableRawPointer
    private let capacity: Int
    private var position = 0
    /// How far the writer had come when it was last asked.
    private var knownTail = 0

    package init(_ ring: RecordRing) {
        self.ring = ring
        (bytes, capacity) = (ring.bytes, ring.capacity)
    }

    /// The body of the next record, 8-byte aligned, valid until `release`; nil if none has been flushed.
    package mutating func next() -> UnsafeRawBufferPointer? {
        if position == knownTail {
            knownTail = ring.tail.load(ordering: .acquiring)
            guard position < knownTail else { return nil }
        }
        var place = position & (capacity - 1)
        var length = bytes.load(fromByteOffset: place, as: Int.self)
        if length == RecordRing.wrapMark {
            position += capacity - place
            place = 0
            length = bytes.load(as: Int.self)
        }
        position += RecordRing.size(length)
        return UnsafeRawBufferPointer(start: bytes + place + RecordRing.headerLength, count: length)
    }

    /// Gives the room of all records so far back to the writer.
    package func release() { ring.head.store(position, ordering: .sequentiallyConsistent) }
}
