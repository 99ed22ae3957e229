// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing

/// Files of recorded messages, whole and otherwise.
struct RecordingTests {
    static let messages = [
        RecordedMessage(arrival: Time.second(1), input: "plant", frames: [Array("a 1".utf8)]),
        RecordedMessage(arrival: Time.second(2), input: "", frames: [Array("a".utf8), [], [0, 255, 7]]),
        RecordedMessage(arrival: Time.second(2), input: "lab", frames: [[UInt8](repeating: 3, count: 300)]),
    ]
    static let bytes = RecordingFormat.header + messages.flatMap(RecordingFormat.record(of:))

    /// The messages of a file, and how many bytes are left.
    static func read(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> ([RecordedMessage], rest: Int) {
        var reader = try RecordingReader(path: try folder.write("messages", bytes))
        var messages: [RecordedMessage] = []
        while let message = try reader.next() { messages.append(message) }
        return (messages, reader.restCount)
    }

    @Test func whatWasWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        let (messages, rest) = try Self.read(Self.bytes, in: folder)
        #expect(messages == Self.messages && rest == 0)
    }

    @Test func whereItIsCutOffItEnds() throws {
        let folder = try TemporaryFolder()
        let ends = Self.messages.indices.map { count in
            Self.messages[...count].reduce(RecordingFormat.header.count) {
                $0 + RecordingFormat.record(of: $1).count
            }
        }
        for length in RecordingFormat.header.count..<Self.bytes.count {
            let (messages, rest) = try Self.read(Array(Self.bytes[..<length]), in: folder)
            let count = ends.count { $0 <= length }
            #expect(messages == Array(Self.messages[..<count]), "\(length) bytes")
            #expect(rest == length - (count == 0 ? RecordingFormat.header.count : ends[count - 1]))
        }
    }

    @Test func eachBitThatIsTurnedIsFound() throws {
        let folder = try TemporaryFolder()
        for place in Self.bytes.indices {
            var bytes = Self.bytes
            bytes[place] ^= 1 << UInt8(place % 8)
            if place < RecordingFormat.header.count {
                #expect(throws: DaemonError.self) { try Self.read(bytes, in: folder) }
                continue
            }
            let (messages, rest) = try Self.read(bytes, in: folder)
            #expect(messages.count < 3 && messages == Array(Self.messages[..<messages.count]) && rest > 0)
        }
    }
}
