// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import TestSupport
import Testing
import WireFormat

/// What is remembered of messages that could not be read, and how it is shown.
@Suite struct UnreadableMessagesTests {
    static func note(
        _ reason: DecodeError, input: Int = 0, _ topic: String, _ payload: [UInt8], at seconds: Int64,
        in messages: inout UnreadableMessages
    ) {
        messages.note(
            reason, input: input, topic: topic.utf8.span.bytes, payload: payload.span.bytes,
            at: Timestamp(nanoseconds: seconds * 1_000_000_000))
    }

    @Test func theNewestOfEachReasonIsRemembered() {
        var messages = UnreadableMessages(inputCount: 2)
        #expect(messages.examples(after: 0) == [])
        Self.note(.syntax, "a", Array("{".utf8), at: 1, in: &messages)
        Self.note(.header, input: 1, "", [], at: 2, in: &messages)
        let told = messages.changeCount
        let long = String(repeating: "x", count: 300)
        Self.note(.syntax, long, Array(long.utf8), at: 3, in: &messages)
        let all = messages.examples(after: 0)
        #expect(all.map(\.reason) == [.syntax, .header, .syntax] && all.map(\.input) == [0, 1, 0])
        #expect(all.map(\.count) == [1, 1, 1] && all.map(\.total) == [2, 1, 2])
        #expect(all[1].topic == [] && all[1].payload == [])
        #expect(all[2].topic.count == 128 && all[2].payload.count == 96 && all[2].payloadLength == 300)
        #expect(messages.examples(after: told) == [all[2]])
        // A shorter one leaves nothing of that before it.
        Self.note(.syntax, long, Array("!".utf8), at: 4, in: &messages)
        let newest = messages.examples(after: told + 1)
        #expect(newest.map(\.payload) == [Array("!".utf8)] && newest.map(\.count) == [2])
    }

    /// Beside a list of all that was noted, which it is held against.
    @Test(arguments: [1, 2, 3] as [UInt64]) func theLastTopicsOfAReasonAreRemembered(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var messages = UnreadableMessages(inputCount: 1)
        /// Topics from the one whose last message is longest ago, with their counts since they are remembered.
        var kept: [(topic: String, count: UInt64)] = []
        for number in 1...500 {
            let topic = "t" + String(repeating: "x", count: Int(generator.next() % 12))
            Self.note(.timestamp, topic, [], at: 1, in: &messages)
            let before = kept.firstIndex { $0.topic == topic }.map { kept.remove(at: $0).count } ?? 0
            kept.append((topic, before + 1))
            if kept.count > UnreadableMessages.topicCount { kept.removeFirst() }
            let found = messages.examples(after: 0)
            #expect(found.map { String(decoding: $0.topic, as: UTF8.self) } == kept.map(\.topic))
            #expect(found.map(\.count) == kept.map(\.count) && found.allSatisfy { $0.total == number })
        }
    }

    /// A reason without words would be a drop that nobody can mend.
    @Test func everyReasonHasItsOwnWords() {
        #expect(Set(DecodeError.allCases.map(\.reason)).count == DecodeError.allCases.count)
    }

    @Test(
        arguments: [
            (Array("{\"value\":".utf8), "{\"value\":"), (Array("a\u{1B}[2J\n".utf8), "a\u{FFFD}[2J "),
            ([], ""),
            (Array("gr\u{FC}n \u{1F40C}".utf8.dropLast(2)), "gr\u{FC}n "),
            ([0xFF, 0x00, 0x7F, 0x80, 0x81], "ff007f8081"),
        ] as [([UInt8], String)])
    func theBeginningIsPrintable(bytes: [UInt8], text: String) {
        #expect(PayloadText.beginning(bytes) == text)
    }
}
