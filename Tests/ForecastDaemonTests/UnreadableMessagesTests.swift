// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
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
        #expect(all.map(\.reason) == [.header, .syntax] && all.map(\.input) == [1, 0])
        #expect(all.map(\.count) == [1, 2] && all[0].topic == [] && all[0].payload == [])
        #expect(all[1].topic.count == 128 && all[1].payload.count == 96 && all[1].payloadLength == 300)
        #expect(messages.examples(after: told) == [all[1]])
        // A shorter one leaves nothing of that before it.
        Self.note(.syntax, "b", Array("!".utf8), at: 4, in: &messages)
        let newest = messages.examples(after: told + 1)
        #expect(newest.map(\.topic) == [Array("b".utf8)] && newest.map(\.payload) == [Array("!".utf8)])
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
