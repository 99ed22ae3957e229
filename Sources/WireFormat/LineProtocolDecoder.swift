// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads lines of InfluxDB's line protocol: `boiler,unit=3 temp=21.5,valve="open" 1700000000000000000`.
///
/// A numeric field is a value of the stream `topic.measurement.tags….field`: measurement, tags and field are what
/// tells series apart there. The field `value` adds nothing. Texts and booleans are no values, and skipped.
public struct LineProtocolDecoder: Sendable {
    private let timeUnit: TimeUnit

    /// Makes a decoder.
    ///
    /// - Parameter timeUnit: The unit of times.
    public init(timeUnit: TimeUnit = .ns) { self.timeUnit = timeUnit }

    func decode(
        _ payload: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, into message: inout DecodedMessage
    ) throws(DecodeError) {
        try withUnsafeTemporaryAllocation(byteCount: StreamIdentifier.maximumLength, alignment: 1) {
            memory throws(DecodeError) in
            var line = LineScanner(payload)
            var series = SeriesName(in: memory, base: base)
            while line.skipToLine() { try decodeLine(&line, &series, into: &message) }
        }
        guard message.count > 0 else { throw .missingValue }
    }

    private func decodeLine(
        _ line: inout LineScanner, _ series: inout SeriesName, into message: inout DecodedMessage
    ) throws(DecodeError) {
        series.removeParts()
        try series.append(line.word(endedBy: .series))
        while line.take(",") {
            _ = try line.word(endedBy: .key)
            guard line.take("=") else { throw .syntax }
            try series.append(line.word(endedBy: .series))
        }
        guard line.skipBlanks() else { throw .syntax }
        let start = message.count
        repeat {
            let field = try line.word(endedBy: .key)
            guard line.take("=") else { throw .syntax }
            guard let value = try line.value() else { continue }
            if field.elementsEqual("value".utf8) {
                try message.append(time: nil, value: value, base: series.bytes)
            } else {
                try message.append(value: value, base: series.bytes, field: field)
            }
        } while line.take(",")
        if try !line.takeEnd() { message.setTime(try line.time(in: timeUnit), from: start) }
    }
}

/// The start of the ids of a line's streams: the topic, the measurement, the values of the tags.
private struct SeriesName {
    private let memory: UnsafeMutableRawBufferPointer
    private let baseLength: Int
    private var count: Int

    /// Makes the name that is just `base`, an id, in `memory` for the longest one.
    init(in memory: UnsafeMutableRawBufferPointer, base: UnsafeRawBufferPointer) {
        self.memory = memory
        baseLength = base.count
        count = base.count
        memory.copyMemory(from: base)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    mutating func removeParts() { count = baseLength }

    /// Appends a point and `part`, which is not checked here: whoever takes the id does it.
    mutating func append(_ part: UnsafeRawBufferPointer) throws(DecodeError) {
        guard count + 1 + part.count <= memory.count, StreamIdentifier.isValid(part.bytes) else {
            throw .identifier
        }
        memory[count] = UInt8(ascii: ".")
        UnsafeMutableRawBufferPointer(rebasing: memory[(count + 1)...]).copyMemory(from: part)
        count += 1 + part.count
    }
}
