// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// What streams the peers of an input may bring, beside dictionaries that do the same slowly.
struct StreamSharesTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func eachHasItsShare(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...20, using: &generator)
        var shares = StreamShares(limit: limit, streamsLimit: 1, seed: generator.next())
        var owners: [String: String] = [:]
        for _ in 0..<2000 {
            let stream = "s.\(Int.random(in: 0..<100, using: &generator))"
            let peer = "peer \(Int.random(in: 0..<8, using: &generator))"
            let brought = owners.values.count { $0 == peer }
            let isAdmitted = owners[stream] != nil || brought < limit
            if isAdmitted, owners[stream] == nil { owners[stream] = peer }
            let identifier = stream.utf8.span.bytes
            let found = shares.knows(identifier) || shares.admit(identifier, of: peer.utf8.span.bytes)
            #expect(found == isAdmitted)
        }
    }

    /// What one after the other was told, in a table with a share of one.
    static func answers(_ attempts: [(stream: String, peer: String)]) -> [Bool] {
        var shares = StreamShares(limit: 1, earlier: [1, 0x61, 2, 0x62, 0x63], streamsLimit: 2, seed: 3)
        var answers: [Bool] = []
        for (stream, peer) in attempts {
            let identifier = stream.utf8.span.bytes
            answers.append(shares.knows(identifier) || shares.admit(identifier, of: peer.utf8.span.bytes))
        }
        return answers
    }

    @Test func thereAreSharesForSoManyPeers() {
        let count = StreamShares.peersLimit
        let first = (0..<count).map { (stream: "s.\($0)", peer: "peer \($0)") }
        let answers = Self.answers(first + [("new", "one more"), ("s.7", "one more")])
        #expect(answers == Array(repeating: true, count: count) + [false, true])
    }

    /// Names that begin alike for longer than any key or address are one peer's.
    @Test func longNamesAreCut() {
        let name = String(repeating: "x", count: 64)
        #expect(Self.answers([("1", name + "1"), ("2", name + "2"), ("3", "other")]) == [true, false, true])
    }

    @Test func whatThereWasBeforeIsOfNobodysShare() {
        let attempts = ["a", "bc", "b", "a", "c"].map { (stream: $0, peer: "one") }
        #expect(Self.answers(attempts) == [true, true, true, true, false])
    }
}
