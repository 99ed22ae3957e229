// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// What the numbers of messages tell of their way.
struct SenderSequencesTests {
    struct Table: Sendable, CustomTestStringConvertible {
        var name: String
        var numbers: [SequenceNumber]
        var missed: UInt64 = 0
        var reordered: UInt64 = 0
        var repeated: UInt64 = 0
        var restarts: UInt64 = 0
        var testDescription: String { name }
    }

    static func long(_ numbers: UInt64...) -> [SequenceNumber] { numbers.map { .bits64($0) } }
    static func short(_ numbers: UInt32...) -> [SequenceNumber] { numbers.map { .bits32($0) } }

    static let tables = [
        Table(name: "without a gap", numbers: long(7, 8, 9, 10)),
        Table(name: "a gap", numbers: long(7, 8, 12, 13), missed: 3),
        Table(name: "a large gap", numbers: long(7, 1_000_007, 1_000_008), missed: 999_999),
        Table(name: "the same again", numbers: long(7, 8, 8, 8, 9), repeated: 2),
        Table(name: "the newest but one again", numbers: long(7, 8, 7, 9), repeated: 1),
        Table(name: "exchanged", numbers: long(7, 9, 8, 10), missed: 1, reordered: 1),
        Table(
            name: "reordered, and again", numbers: long(7, 12, 9, 9, 8, 11, 13), missed: 4, reordered: 3,
            repeated: 1),
        Table(
            name: "begun anew after 17", numbers: (Array(0...16) + [0, 1]).map { .bits64($0) }, repeated: 2),
        Table(
            name: "begun anew after 18", numbers: (Array(0...17) + [0, 1]).map { .bits64($0) }, restarts: 1),
        Table(name: "16 behind", numbers: long(1, 20, 4), missed: 18, reordered: 1),
        Table(name: "17 behind", numbers: long(1, 20, 3), missed: 18, restarts: 1),
        Table(
            name: "a gap beyond the window, then back in it", numbers: long(1, 100, 99, 84, 98, 100),
            missed: 98,
            reordered: 3, repeated: 1),
        Table(
            name: "what came is known behind a gap", numbers: long(1, 2, 6, 2, 4, 9, 4, 5, 7), missed: 5,
            reordered: 3, repeated: 2),
        Table(name: "a sender began anew", numbers: long(500, 501, 0, 1, 2), restarts: 1),
        Table(name: "a sender began anew with 1", numbers: long(500, 502, 1, 2, 4), missed: 2, restarts: 1),
        Table(
            name: "a sender began anew before the window was full",
            numbers: long(0, 1, 2, 3, 0, 1, 2, 3, 4, 5),
            repeated: 4),
        Table(name: "a jump too far to be a gap", numbers: long(5, 1 << 62, 1 << 62 + 1), restarts: 1),
        Table(name: "the end of 64 bits", numbers: long(.max - 1, .max, 0, 2, 1), missed: 1, reordered: 1),
        Table(name: "the end of 32 bits", numbers: short(.max - 1, .max, 0, 1)),
        Table(
            name: "a gap over the end of 32 bits", numbers: short(.max - 1, 2, .max, 0, 3), missed: 3,
            reordered: 2),
        Table(name: "a sender of 32 bits began anew", numbers: short(3_000_000_000, 0, 1), restarts: 1),
        Table(name: "a jump of 32 bits too far to be a gap", numbers: short(5, 3_000_000_000), restarts: 1),
    ]

    @Test(arguments: tables) func numbersAreFollowed(_ table: Table) {
        var sequences = SenderSequences(capacity: 2, seed: 1)
        for number in table.numbers { sequences.count(number, of: "a".utf8.span.bytes) }
        var expected = SequenceCounts()
        (expected.missed, expected.reordered) = (table.missed, table.reordered)
        (expected.repeated, expected.restarts) = (table.repeated, table.restarts)
        #expect(sequences.totals == expected && sequences.counts(of: "a".utf8.span.bytes) == expected)
        #expect(expected.lost == table.missed - table.reordered)
    }

    @Test func topicsAreApart() {
        var sequences = SenderSequences(capacity: 2, seed: 1)
        for (topic, number) in [("a", 1), ("b", 100), ("a", 2), ("b", 103), ("c", 1), ("c", 9), ("b b", 4)] {
            sequences.count(.bits64(UInt64(number)), of: topic.utf8.span.bytes)
        }
        #expect(sequences.counts(of: "a".utf8.span.bytes)?.lost == 0)
        #expect(sequences.counts(of: "b".utf8.span.bytes)?.lost == 2)
        // There is no place for a third, and none for what is no topic.
        #expect(sequences.counts(of: "c".utf8.span.bytes) == nil && sequences.totals.lost == 2)
        #expect(sequences.counts(of: "b b".utf8.span.bytes) == nil)
    }

    /// A sender that never restarts, on a bad line: what is counted is what the line did.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func whatTheLineDidIsCounted(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func chance(_ share: Int) -> Bool { Int.random(in: 0..<share, using: &generator) == 0 }
        let isShort = seed % 2 == 0
        var number = isShort ? UInt64(UInt32.max) - 5000 : UInt64.random(in: 0...(1 << 60), using: &generator)
        var line: [(number: UInt64, place: Int)] = [(number, 0)]
        var (lost, repeats) = (UInt64(0), UInt64(0))
        for index in 1..<10_000 {
            number &+= 1
            // The last ones come, so that what is lost before them is seen.
            if index < 9_900, chance(20) {
                lost += 1
                continue
            }
            // Up to 8 places late: never out of the window.
            let place = index + (index < 9_900 && chance(10) ? Int.random(in: 1...8, using: &generator) : 0)
            line.append((number, place))
            if chance(50) {
                line.append((number, place))
                repeats += 1
            }
        }
        line.sort { ($0.place, $0.number) < ($1.place, $1.number) }
        var sequences = SenderSequences(capacity: 1, seed: 1)
        for (number, _) in line {
            sequences.count(
                isShort ? .bits32(UInt32(truncatingIfNeeded: number)) : .bits64(number),
                of: "t".utf8.span.bytes)
        }
        let totals = sequences.totals
        #expect(totals.lost == lost && totals.repeated == repeats && totals.restarts == 0, "seed \(seed)")
        #expect(totals.reordered > 100)
    }
}
