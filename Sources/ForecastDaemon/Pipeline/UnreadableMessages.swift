// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import WireFormat

/// The newest messages of each input that could not be read, for each reason and some topics: how they begin, for whoever asks.
package struct UnreadableMessages {
    /// Such a message.
    package struct Example: Sendable, Equatable {
        /// The number of the input, and why it could not be read.
        package var input: Int
        package var reason: DecodeError
        /// How many there were with its topic, since that has a place here, and how many with any.
        package var count, total: UInt64
        /// When the newest came.
        package var time: Timestamp
        /// How its topic and its payload begin.
        package var topic, payload: [UInt8]
        /// Bytes of the whole payload.
        package var payloadLength: Int
        /// Its number among all that could not be read.
        package var change: UInt64
    }

    private struct Row {
        var count: UInt64 = 0
        var change: UInt64 = 0
        var time = Timestamp(nanoseconds: 0)
        var topicLength = 0
        var payloadLength = 0
    }

    /// Bytes that are kept of a topic, and of a payload.
    package static let topicLimit = StreamIdentifier.maximumLength
    package static let payloadLimit = 96
    private static let stride = topicLimit + payloadLimit
    /// Topics of which a message is kept for each input and reason.
    package static let topicCount = 8
    private static let reasonCount = DecodeError.allCases.count

    /// For each input and reason, the rows of its topics; those that have none yet have no count.
    private var rows: [Row]
    private var totals: [UInt64]
    private var bytes: [UInt8]
    /// Messages so far.
    package private(set) var changeCount: UInt64 = 0

    /// Has room for the messages of so many inputs.
    package init(inputCount: Int) {
        totals = Array(repeating: 0, count: inputCount * Self.reasonCount)
        rows = Array(repeating: Row(), count: totals.count * Self.topicCount)
        bytes = [UInt8](repeating: 0, count: rows.count * Self.stride)
    }

    /// Takes note of a message.
    package mutating func note(
        _ reason: DecodeError, input: Int, topic: RawSpan, payload: RawSpan, at now: Timestamp
    ) {
        let group = input * Self.reasonCount + Int(reason.rawValue)
        let (index, isNew) = place(of: topic, in: group)
        changeCount += 1
        totals[group] += 1
        rows[index].count = isNew ? 1 : rows[index].count + 1
        rows[index].change = changeCount
        rows[index].time = now
        rows[index].topicLength = topic.byteCount
        rows[index].payloadLength = payload.byteCount
        copy(topic, to: index * Self.stride, atMost: Self.topicLimit)
        copy(payload, to: index * Self.stride + Self.topicLimit, atMost: Self.payloadLimit)
    }

    /// The row of a topic, or else that of the topic whose last message is longest ago.
    private func place(of topic: RawSpan, in group: Int) -> (index: Int, isNew: Bool) {
        let places = group * Self.topicCount..<(group + 1) * Self.topicCount
        var oldest = places.lowerBound
        for index in places {
            if rows[index].count > 0 && has(topic, at: index) { return (index, false) }
            if rows[index].change < rows[oldest].change { oldest = index }
        }
        return (oldest, true)
    }

    private func has(_ topic: RawSpan, at index: Int) -> Bool {
        guard rows[index].topicLength == topic.byteCount else { return false }
        for offset in 0..<min(topic.byteCount, Self.topicLimit)
        where bytes[index * Self.stride + offset] != topic.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        {
            return false
        }
        return true
    }

    private mutating func copy(_ source: RawSpan, to start: Int, atMost limit: Int) {
        for offset in 0..<min(source.byteCount, limit) {
            bytes[start + offset] = source.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        }
    }

    /// The messages after number `change`, the newest last.
    package func examples(after change: UInt64) -> [Example] {
        rows.indices.filter { rows[$0].change > change }.map { index in
            let (row, start) = (rows[index], index * Self.stride)
            let (payload, group) = (start + Self.topicLimit, index / Self.topicCount)
            return Example(
                input: group / Self.reasonCount, reason: DecodeError.allCases[group % Self.reasonCount],
                count: row.count, total: totals[group], time: row.time,
                topic: Array(bytes[start..<start + min(row.topicLength, Self.topicLimit)]),
                payload: Array(bytes[payload..<payload + min(row.payloadLength, Self.payloadLimit)]),
                payloadLength: row.payloadLength, change: row.change)
        }.sorted { $0.change < $1.change }
    }
}
