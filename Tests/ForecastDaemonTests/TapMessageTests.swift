// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import WireFormat

/// What a tap makes of frames and numbers before it shows them.
@Suite struct TapMessageTests {
    static let seven: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0]

    static func message(_ stream: String, _ payload: String, sequence: UInt64? = nil) -> TapMessage {
        var frames = [Array(stream.utf8), Array(payload.utf8)]
        if let sequence { frames.append(withUnsafeBytes(of: sequence.littleEndian, Array.init)) }
        return TapMessage(frames: frames)
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        arguments: [
            ([bytes("a"), bytes("1")], "a", "1", nil, nil),
            ([bytes("a"), bytes("1"), seven], "a", "1", 7, nil),
            ([bytes("a 1 2")], "a", "1 2", nil, nil),
            ([bytes("a")], "a", "", nil, "frame_count"),
            ([bytes("a"), bytes("1"), [1]], "a", "1", nil, "sequence"),
            ([bytes("a"), bytes("1"), seven, []], "a", "1", nil, "frame_count"),
            ([[], []], "", "", nil, nil),
        ] as [([[UInt8]], String, String, UInt64?, String?)])
    func framesAreTakenApart(
        frames: [[UInt8]], stream: String, payload: String, sequence: UInt64?, problem: String?
    ) {
        let message = TapMessage(frames: frames)
        #expect(message.streamText == stream)
        #expect(message.payloadText == payload)
        #expect(message.sequence == sequence)
        #expect(message.problem?.label == problem)
    }

    @Test(arguments: [
        (Array("grün 1".utf8), "grün 1"),
        (Array("a\u{1B}[2J\u{9B}H\u{7}\u{7F}b".utf8), "a\u{FFFD}[2J\u{FFFD}H\u{FFFD}\u{FFFD}b"),
        (Array("a\r\nb\tc".utf8), "a  b c"),
        (Array("a\u{202E}b\u{2028}c".utf8), "a\u{FFFD}b\u{FFFD}c"),
        ([0xFF, 0x00, 0x0A], "ff000a"),
        ([UInt8](repeating: 0xFE, count: 100), String(repeating: "fe", count: 32)),
    ])
    func whatWouldMoveTheCursorIsMadeHarmless(payload: [UInt8], text: String) {
        let message = TapMessage(frames: [Self.bytes("s"), payload])
        #expect(message.payloadText == text)
        #expect(TapMessage(frames: [Self.bytes("\u{1B}]0;x\u{7}"), []]).streamText == "\u{FFFD}]0;x\u{FFFD}")
    }

    struct Losses: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sequences: [UInt64?]
        var lost: [UInt64]
    }

    @Test(arguments: [
        Losses(testDescription: "none", sequences: [1, 2, 3], lost: [0, 0, 0]),
        Losses(testDescription: "joined late", sequences: [100, 101], lost: [0, 0]),
        Losses(testDescription: "gaps", sequences: [1, 3, 10], lost: [0, 1, 6]),
        Losses(testDescription: "begun anew", sequences: [9, 1, 2, 4], lost: [0, 0, 0, 1]),
        Losses(testDescription: "twice", sequences: [5, 5, 6], lost: [0, 0, 0]),
        Losses(testDescription: "no numbers", sequences: [nil, nil, 5, 6], lost: [0, 0, 0, 0]),
        Losses(
            testDescription: "forged numbers", sequences: [1, .max, 1, .max],
            lost: [0, .max - 2, 0, .max - 2]),
    ])
    func lossesAreFoundByTheNumbers(_ losses: Losses) {
        var record = SequenceLosses()
        let lost = losses.sequences.map { record.note(Self.message("a", "", sequence: $0)) }
        #expect(lost == losses.lost)
        #expect(record.count == lost.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 })
        #expect(record.streamCount == 1)
    }

    @Test func streamsAreCountedApart() {
        var record = SequenceLosses()
        let noted = [("a", 1), ("b", 5), ("a", 2), ("b", 8)].map { stream, sequence in
            record.note(Self.message(stream, "", sequence: UInt64(sequence)))
        }
        #expect(noted == [0, 0, 0, 2])
        #expect(record.streamCount == 2)
    }
}
