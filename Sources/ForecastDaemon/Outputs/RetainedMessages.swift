// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// The last message of each topic of an output.
///
/// Topics are numbered from 0 in the order in which they come. A topic that never comes costs address space, not memory.
package struct RetainedMessages: ~Copyable {
    private struct Head: BitwiseCopyable {
        var sequence: UInt64
        var publication: UInt64
        var length: Int
    }

    private var topics: StreamTable
    private let pages: ZeroPages
    private let stride: Int
    /// Messages so far.
    package private(set) var publications: UInt64 = 0

    /// Makes room for `topicsLimit` topics.
    ///
    /// - Parameter longestPayload: No payload has more bytes.
    package init(topicsLimit: Int, longestPayload: Int, seed: UInt64) {
        topics = StreamTable(capacity: topicsLimit, longest: AlarmTopic.maximumLength, seed: seed)
        stride = Self.stride(longestPayload)
        pages = ZeroPages(count: topicsLimit, stride: stride)
    }

    /// Makes room for what an output keeps.
    init(_ keeping: OutputKeeping) {
        self.init(
            topicsLimit: keeping.topicsLimit, longestPayload: keeping.longestPayload,
            seed: .random(in: 0...(.max)))
    }

    private static func stride(_ longestPayload: Int) -> Int {
        MemoryLayout<Head>.size + (longestPayload + 7) / 8 * 8
    }

    /// The most bytes that a topic takes.
    static func bytesPerTopic(longestPayload: Int) -> Int {
        stride(longestPayload) + StreamTable.bytesPerStream + AlarmTopic.maximumLength
    }

    /// Topics so far.
    package var count: Int { topics.count }

    /// The number of a topic; nil if no message of it has come.
    package func number(of topic: RawSpan) -> Int? { topics.slot(of: topic).map { Int($0) } }

    /// A topic by its number.
    @_lifetime(borrow self)
    package func topic(_ number: Int) -> RawSpan { topics.identifier(of: UInt32(number)) }

    /// The sequence of a topic's last message.
    package func sequence(_ number: Int) -> UInt64 { head(number).sequence }

    /// How many messages of all topics had come with a topic's last one.
    package func publication(_ number: Int) -> UInt64 { head(number).publication }

    /// The payload of a topic's last message.
    @_lifetime(borrow self)
    package func payload(_ number: Int) -> RawSpan {
        let start = UnsafeRawPointer(place(number) + MemoryLayout<Head>.size)
        return _overrideLifetime(
            RawSpan(_unsafeStart: start, byteCount: head(number).length), borrowing: self)
    }

    /// Puts a message in place of its topic's last one; gives the topic's number, or nil if there is no room for a topic more.
    ///
    /// - Precondition: There are no more bytes than there is room for.
    package mutating func retain(_ payload: RawSpan, topic: RawSpan, sequence: UInt64) -> Int? {
        precondition(
            MemoryLayout<Head>.size + payload.byteCount <= stride, "no payload is longer than was said")
        let known = topics.slot(of: topic)
        guard known != nil || topics.count < topics.capacity else { return nil }
        publications += 1
        let number = Int(known ?? topics.insert(topic))
        let place = place(number)
        place.storeBytes(
            of: Head(sequence: sequence, publication: publications, length: payload.byteCount), as: Head.self)
        payload.withUnsafeBytes {
            guard let start = $0.baseAddress else { return }
            (place + MemoryLayout<Head>.size).copyMemory(from: start, byteCount: $0.count)
        }
        return number
    }

    private func head(_ number: Int) -> Head { place(number).load(as: Head.self) }

    private func place(_ number: Int) -> UnsafeMutableRawPointer {
        precondition(number >= 0 && number < topics.count, "topics are numbered from 0 to their count")
        return pages.start + number * stride
    }
}
