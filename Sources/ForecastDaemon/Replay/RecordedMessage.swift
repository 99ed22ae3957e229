// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
import StateStore

/// A message as it came in.
package struct RecordedMessage: Equatable, Sendable {
    /// When.
    package var arrival: Timestamp
    /// The input's name in the configuration.
    package var input: String
    /// Its frames, as the input received them.
    package var frames: [[UInt8]]

    package init(arrival: Timestamp, input: String, frames: [[UInt8]]) {
        (self.arrival, self.input, self.frames) = (arrival, input, frames)
    }
}

/// The bytes of a file of messages; `Documentation/Durability.md` has them as tables.
package enum RecordingFormat {
    /// `fdrecord`, then the version of the format.
    package static let header = Array("fdrecord".utf8) + [1, 0, 0, 0]
    /// The most bytes of a message with all that stands before it.
    static let maximumLength = 1 << 31
    /// Bytes before a record's payload: checksum and length.
    static let prefixLength = 8

    /// A message as a record: the checksum of all behind it, the length of the rest, time, input, frames.
    package static func record(of message: RecordedMessage) -> [UInt8] {
        var payload: [UInt8] = []
        append(message.arrival.nanoseconds, to: &payload)
        payload.append(UInt8(message.input.utf8.count))
        payload += message.input.utf8
        append(UInt32(message.frames.count), to: &payload)
        for frame in message.frames {
            append(UInt32(frame.count), to: &payload)
            payload += frame
        }
        var rest: [UInt8] = []
        append(UInt32(payload.count), to: &rest)
        rest += payload
        var record: [UInt8] = []
        append(rest.withUnsafeBytes { Checksum.best($0) }, to: &record)
        return record + rest
    }

    private static func append<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, to bytes: inout [UInt8]
    ) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The message of a record's payload; nil where the bytes are none.
    static func message(of payload: [UInt8]) -> RecordedMessage? {
        var rest = payload[...]
        guard let time = number(Int64.self, of: &rest), let nameLength = number(UInt8.self, of: &rest),
            let name = take(Int(nameLength), of: &rest), let count = number(UInt32.self, of: &rest)
        else { return nil }
        var frames: [[UInt8]] = []
        for _ in 0..<count {
            guard let length = number(UInt32.self, of: &rest), let frame = take(Int(length), of: &rest) else {
                return nil
            }
            frames.append(Array(frame))
        }
        guard rest.isEmpty, !frames.isEmpty else { return nil }
        return RecordedMessage(
            arrival: Timestamp(nanoseconds: time), input: String(decoding: name, as: UTF8.self),
            frames: frames)
    }

    static func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, of bytes: inout ArraySlice<UInt8>
    ) -> Number? {
        guard let part = take(MemoryLayout<Number>.size, of: &bytes) else { return nil }
        return Number(littleEndian: part.withUnsafeBytes { $0.loadUnaligned(as: Number.self) })
    }

    private static func take(_ count: Int, of bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }
}

/// The messages of a file, in order, up to the first that is not whole.
package struct RecordingReader {
    private let path: String
    private let file: LocalFile
    private let size: Int
    private var offset = RecordingFormat.header.count
    /// Bytes behind the last whole message: the recording was cut off there, or they are destroyed.
    package private(set) var restCount = 0

    package init(path: String) throws(DaemonError) {
        self.path = path
        let place = try FilePlace(path)
        do throws(DiskError) {
            file = try place.disk.open(place.name)
            size = try file.size()
        } catch { throw DaemonError(.noInput, "\(path): expected a file of `forecastd record`: \(error)") }
        guard try bytes(at: 0, count: RecordingFormat.header.count) == RecordingFormat.header else {
            throw DaemonError(
                .data, "\(path): expected a file that `forecastd record` of this version wrote, found another"
            )
        }
    }

    package mutating func next() throws(DaemonError) -> RecordedMessage? {
        let prefix = RecordingFormat.prefixLength
        guard let head = try bytes(at: offset, count: prefix) else { return end() }
        var fields = head[...]
        guard let checksum = RecordingFormat.number(UInt32.self, of: &fields),
            let length = RecordingFormat.number(UInt32.self, of: &fields),
            length < RecordingFormat.maximumLength,
            let payload = try bytes(at: offset + prefix, count: Int(length)),
            (head[4...] + payload).withUnsafeBytes({ Checksum.best($0) }) == checksum,
            let message = RecordingFormat.message(of: payload)
        else { return end() }
        offset += prefix + payload.count
        return message
    }

    private mutating func end() -> RecordedMessage? {
        restCount = size - offset
        return nil
    }

    private func bytes(at offset: Int, count: Int) throws(DaemonError) -> [UInt8]? {
        guard offset + count <= size else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        do throws(DiskError) {
            _ = try span.withUnsafeMutableBytes { buffer throws(DiskError) in
                try file.readAll(into: buffer, at: offset)
            }
        } catch { throw DaemonError(error) }
        return bytes
    }
}
