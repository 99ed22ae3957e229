// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import WireFormat

/// The newest message of each input that could not be read, for each reason: how it begins, for whoever asks.
package struct UnreadableMessages {
    /// Such a message.
    package struct Example: Sendable, Equatable {
        /// The number of the input, and why it could not be read.
        package var input: Int
        package var reason: DecodeError
        /// How many there were like it.
        package var count: UInt64
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
    private static let reasonCount = DecodeError.allCases.count

    private var rows: [Row]
    private var bytes: [UInt8]
    /// Messages so far.
    package private(set) var changeCount: UInt64 = 0

    /// Has room for the messages of so many inputs.
    package init(inputCount: Int) {
        rows = Array(repeating: Row(), count: inputCount * Self.reasonCount)
        bytes = [UInt8](repeating: 0, count: rows.count * Self.stride)
    }

    /// Takes note of a message.
    package mutating func note(
        _ reason: DecodeError, input: Int, topic: RawSpan, payload: RawSpan, at now: Timestamp
    ) {
        let index = input * Self.reasonCount + Int(reason.rawValue)
        changeCount += 1
        rows[index].count += 1
        rows[index].change = changeCount
        rows[index].time = now
        rows[index].topicLength = topic.byteCount
        rows[index].payloadLength = payload.byteCount
        copy(topic, to: index * Self.stride, atMost: Self.topicLimit)
        copy(payload, to: index * Self.stride + Self.topicLimit, atMost: Self.payloadLimit)
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
            let payload = start + Self.topicLimit
            return Example(
                input: index / Self.reasonCount, reason: DecodeError.allCases[index % Self.reasonCount],
                count: row.count, time: row.time,
                topic: Array(bytes[start..<start + min(row.topicLength, Self.topicLimit)]),
                payload: Array(bytes[payload..<payload + min(row.payloadLength, Self.payloadLimit)]),
                payloadLength: row.payloadLength, change: row.change)
        }.sorted { $0.change < $1.change }
    }
}
