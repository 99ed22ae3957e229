// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

/// What says of a stream's state where it differs from another.
struct StatePartTests {
    private static func part(_ text: String) -> StatePart {
        StatePart(name: "stream", bytes: Array(text.utf8))
    }

    @Test(arguments: [
        ("(A(rule: 0, ticks: 12, next: 1.5))", "(A(rule: 0, ticks: 13, next: 1.5))", "stream, ticks: 12"),
        ("(A(rule: 0, ticks: 1))", "(A(rule: 0, ticks: 12))", "stream, ticks: 1))"),
        ("(A(rule: 0, ticks: 1))", "(A(rule: 1, ticks: 1))", "stream, A(rule: 0"),
        ("\u{1}\u{2}\u{3}", "\u{1}\u{2}\u{4}", "stream, byte 2"),
        ("\u{1}", "\u{1}\u{2}", "stream, byte 1"),
    ])
    func theFirstDifferenceIsNamed(one: String, other: String, said: String) {
        #expect(Self.part(one).difference(from: Self.part(other)) == said)
        #expect(Self.part(one).difference(from: Self.part(one)) == nil)
    }
}
