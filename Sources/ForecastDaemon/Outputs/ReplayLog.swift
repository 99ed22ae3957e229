// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The newest messages of an output in a fixed number of bytes: the oldest give way to new ones.
///
/// The memory is one ring of records, `head | payload, padded to 8 bytes`; where the next one does not fit before the
/// ring's end, a mark stands and the ring goes on at its beginning. Positions count bytes for ever; modulo the capacity
/// they are places. Each record knows the next one of its topic. Messages are numbered from 1, without gaps.
package struct ReplayLog: ~Copyable {
    private struct Head: BitwiseCopyable {
        /// Bytes of the payload; `wrapMark` where the ring goes on at its beginning.
        var length: UInt32
        var topic: UInt32
        var sequence: UInt64
        /// Where the next record of the topic is; 0 if none has come.
        var next: Int
    }

    /// Where the records of a topic begin and end; 0 where there are none.
    private struct Chain: BitwiseCopyable {
        var first: Int
        var last: Int
    }

    private let capacity: Int
    private let ring: ZeroPages
    private let chains: ZeroPages
    private let topicsLimit: Int
    /// Where every 64th record is, by its number.
    private let milestones: ZeroPages
    private let milestoneCount: Int
    /// Where the oldest record is, or the mark before it.
    private var begin: Int
    /// Where the next record comes.
    package private(set) var end: Int
    /// The number of the oldest message that is there; one more than the newest if none is.
    package private(set) var oldest: UInt64 = 1
    /// The number of the newest message; 0 before the first.
    package private(set) var newest: UInt64 = 0

    private static let wrapMark = UInt32.max
    private static let milestoneDistance = 64

    /// Makes an empty log.
    ///
    /// - Parameters:
    ///   - byteCount: The memory, of which messages with their heads of 24 bytes take what they need.
    ///   - topicsLimit: No topic has a higher number, less one.
    package init(byteCount: Int, topicsLimit: Int) {
        capacity = byteCount / 8 * 8
        ring = ZeroPages(count: capacity, stride: 1)
        chains = ZeroPages(count: topicsLimit, stride: MemoryLayout<Chain>.stride)
        self.topicsLimit = topicsLimit
        milestoneCount = Self.milestoneCount(byteCount)
        milestones = ZeroPages(count: milestoneCount, stride: MemoryLayout<Int>.stride)
        // So that no record has the position 0.
        (begin, end) = (capacity, capacity)
    }

    /// No record is smaller than 32 bytes.
    private static func milestoneCount(_ byteCount: Int) -> Int { byteCount / 32 / milestoneDistance + 2 }

    /// The most bytes that a log takes besides those that it is given.
    static func bytesBeside(byteCount: Int, topicsLimit: Int) -> Int {
        topicsLimit * MemoryLayout<Chain>.stride + milestoneCount(byteCount) * MemoryLayout<Int>.stride
    }

    /// The fewest bytes that a log of such payloads can have.
    static func leastByteCount(longestPayload: Int) -> Int { 4 * size(longestPayload) }

    private static func size(_ payloadLength: Int) -> Int {
        max(32, MemoryLayout<Head>.size + (payloadLength + 7) / 8 * 8)
    }

    /// Appends the newest message.
    ///
    /// - Precondition: It takes at most a quarter of the memory.
    package mutating func append(_ payload: RawSpan, topic: Int, sequence: UInt64) {
        let size = Self.size(payload.byteCount)
        precondition(4 * size <= capacity, "a message takes at most a quarter of its log")
        let place = end % capacity
        let skipped = place + size > capacity ? capacity - place : 0
        while end + skipped + size - begin > capacity { dropOldest() }
        if skipped > 0 {
            store(Self.wrapMark, at: end)
            end += skipped
        }
        store(
            Head(length: UInt32(payload.byteCount), topic: UInt32(topic), sequence: sequence, next: 0),
            at: end)
        payload.withUnsafeBytes {
            guard let start = $0.baseAddress else { return }
            (pointer(end) + MemoryLayout<Head>.size).copyMemory(from: start, byteCount: $0.count)
        }
        link(topic)
        newest += 1
        if newest % UInt64(Self.milestoneDistance) == 0 {
            milestones.start.storeBytes(of: end, toByteOffset: milestone(newest), as: Int.self)
        }
        end += size
    }

    /// Lets the topic's last record know of the one at the end.
    private mutating func link(_ topic: Int) {
        var chain = chain(topic)
        if chain.last > 0 {
            var head = head(chain.last)
            head.next = end
            store(head, at: chain.last)
        } else {
            chain.first = end
        }
        chain.last = end
        store(chain, of: topic)
    }

    private mutating func dropOldest() {
        let position = resolved(begin)
        let head = head(position)
        store(
            head.next == 0
                ? Chain(first: 0, last: 0) : Chain(first: head.next, last: chain(Int(head.topic)).last),
            of: Int(head.topic))
        begin = position + Self.size(Int(head.length))
        oldest += 1
    }
}

extension ReplayLog {
    /// Where the oldest message of a topic is; nil if none is there.
    package func first(ofTopic topic: Int) -> Int? {
        let first = chain(topic).first
        return first == 0 ? nil : first
    }

    /// Where the message with a number is, or will be.
    ///
    /// - Precondition: It is there, or the one that comes next.
    package func position(ofNumber number: UInt64) -> Int {
        precondition(number >= oldest && number <= newest + 1, "a message that is there, or the next")
        let near = number / UInt64(Self.milestoneDistance) * UInt64(Self.milestoneDistance)
        let isNear = near >= oldest && near <= newest && near > 0
        var position = isNear ? milestones.start.load(fromByteOffset: milestone(near), as: Int.self) : begin
        for _ in (isNear ? near : oldest)..<number { position = self.position(after: position) }
        return position
    }

    /// Whether what was at a position is still there.
    package func isKept(_ position: Int) -> Bool { position >= begin }

    /// Where the message behind the one at `position` is, or will be.
    package func position(after position: Int) -> Int {
        let position = resolved(position)
        return position + Self.size(Int(head(position).length))
    }

    /// Where the next message of the same topic is; nil if none has come.
    package func nextOfTopic(at position: Int) -> Int? {
        let next = head(resolved(position)).next
        return next == 0 ? nil : next
    }

    /// The topic of the message at a position.
    package func topic(at position: Int) -> Int { Int(head(resolved(position)).topic) }

    /// The sequence of the message at a position.
    package func sequence(at position: Int) -> UInt64 { head(resolved(position)).sequence }

    /// The payload of the message at a position.
    @_lifetime(borrow self)
    package func payload(at position: Int) -> RawSpan {
        let position = resolved(position)
        let start = UnsafeRawPointer(pointer(position) + MemoryLayout<Head>.size)
        return _overrideLifetime(
            RawSpan(_unsafeStart: start, byteCount: Int(head(position).length)), borrowing: self)
    }

    /// The position of a record, where the ring may go on at its beginning before it.
    private func resolved(_ position: Int) -> Int {
        precondition(position >= begin && position < end, "a position of a message that is there")
        let isWrapped = pointer(position).load(as: UInt32.self) == Self.wrapMark
        return isWrapped ? (position / capacity + 1) * capacity : position
    }

    private func pointer(_ position: Int) -> UnsafeMutableRawPointer { ring.start + position % capacity }

    private func head(_ position: Int) -> Head { pointer(position).load(as: Head.self) }

    private func store<Value: BitwiseCopyable>(_ value: Value, at position: Int) {
        pointer(position).storeBytes(of: value, as: Value.self)
    }

    private func milestone(_ number: UInt64) -> Int {
        Int(number / UInt64(Self.milestoneDistance)) % milestoneCount * MemoryLayout<Int>.stride
    }

    private func chain(_ topic: Int) -> Chain {
        precondition(topic >= 0 && topic < topicsLimit, "topics are numbered below their limit")
        return chains.start.load(fromByteOffset: topic * MemoryLayout<Chain>.stride, as: Chain.self)
    }

    private func store(_ chain: Chain, of topic: Int) {
        chains.start.storeBytes(of: chain, toByteOffset: topic * MemoryLayout<Chain>.stride, as: Chain.self)
    }
}
