// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormat

/// What producers and the daemon say to each other, byte by byte.
@Suite struct ProducerProtocolTests {
    static let numbers = ProducerAnswer.Numbers(acknowledged: 1, received: 258, through: 1 << 40)
    static let numberBytes: [UInt8] = [
        1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
    ]

    static func bytes(_ frame: ShortFrame) -> [UInt8] { frame.bytes.withUnsafeBytes { Array($0) } }

    static let requests: [(ProducerRequest, [UInt8])] = [
        (.hello(version: 1, first: 258), Array("H".utf8) + [1, 2, 1, 0, 0, 0, 0, 0, 0]),
        (.message(number: .max - 1), Array("M".utf8) + [254] + [UInt8](repeating: 255, count: 7)),
        (.question, Array("Q".utf8)),
    ]

    static let answers: [(ProducerAnswer, [UInt8])] =
        [
            (.numbers(numbers), Array("A".utf8) + numberBytes),
            (.resend(numbers), Array("R".utf8) + numberBytes),
            (
                .welcome(numbers, interval: 5000, timeout: 1),
                Array("W".utf8) + numberBytes + [136, 19, 0, 0, 1, 0, 0, 0]
            ),
        ]
        + zip(ProducerAnswer.Refusal.allCases, UInt8(1)...).map { (.refused($0), Array("X".utf8) + [$1]) }

    static func request(_ bytes: [UInt8]) -> ProducerRequest? { ProducerRequest(bytes.span.bytes) }
    static func answer(_ bytes: [UInt8]) -> ProducerAnswer? { ProducerAnswer(bytes.span.bytes) }

    @Test(arguments: requests) func requestsAreWhatIsWritten(request: ProducerRequest, bytes: [UInt8]) {
        #expect(Self.bytes(request.frame) == bytes)
        #expect(Self.request(bytes) == request)
    }

    @Test(arguments: answers) func answersAreWhatIsWritten(answer: ProducerAnswer, bytes: [UInt8]) {
        #expect(Self.bytes(answer.frame) == bytes)
        #expect(Self.answer(bytes) == answer)
    }

    /// A frame that is longer or shorter is another one or none; so is one with another letter.
    @Test func whatIsNotWrittenIsNotUnderstood() {
        for (_, bytes) in Self.requests {
            #expect(Self.request(bytes + [0]) == nil)
            #expect(Self.request(bytes.dropLast()) == nil)
        }
        for (_, bytes) in Self.answers {
            #expect(Self.answer(bytes + [0]) == nil)
            #expect(Self.answer(bytes.dropLast()) == nil)
        }
        #expect(Self.request([UInt8](repeating: 0, count: 9)) == nil)
        #expect(Self.answer([UInt8](repeating: 0, count: 25)) == nil)
        #expect(Self.answer([UInt8(ascii: "X"), 99]) == nil)
    }
}
