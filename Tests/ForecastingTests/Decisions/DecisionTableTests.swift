// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// What is remembered of decisions, and what pushes out what.
struct DecisionTableTests {
    static func note(
        _ kind: Decision.Kind, of stream: String, at seconds: Double, value: Double = 0,
        in table: inout DecisionTable
    ) {
        table.clock = Timestamp(nanoseconds: Int64(seconds * 1e9))
        table.note(
            kind, of: stream.utf8.span.bytes, from: table.clock, to: table.clock, value: value, .none)
    }

    static func kinds(_ stream: String, _ table: borrowing DecisionTable) -> [Decision.Kind] {
        table.decisions(of: stream.utf8.span.bytes).map(\.kind)
    }

    @Test func whatIsDecidedAgainWithinAMinuteIsCounted() {
        var table = DecisionTable(streamsLimit: 10, seed: 1)
        // Two kinds in turn, twice a second, then one of them two minutes later, then the clock is set back.
        for half in 0..<100 {
            let kind = Decision.Kind.refused(half % 2 == 0 ? .late : .duplicate)
            Self.note(kind, of: "a", at: Double(half) / 2, value: Double(half), in: &table)
        }
        Self.note(.refused(.late), of: "a", at: 170, value: 7, in: &table)
        Self.note(.refused(.late), of: "a", at: 20, value: 8, in: &table)
        let found = table.decisions(of: "a".utf8.span.bytes)
        #expect(found.map(\.count) == [50, 1, 51])
        #expect(found.map { $0.last.nanoseconds / 1_000_000_000 } == [49, 170, 20])
        #expect(found.map { $0.first.nanoseconds / 1_000_000_000 } == [0, 170, 0])
        #expect(found.map(\.value) == [99, 7, 8])
    }

    @Test func aStreamKeepsItsSixteenNewest() {
        var table = DecisionTable(streamsLimit: 10, seed: 1)
        for index in 0..<100 { Self.note(.stale, of: "a", at: Double(index) * 61, in: &table) }
        let found = table.decisions(of: "a".utf8.span.bytes)
        #expect(found.map { $0.last.nanoseconds / 61_000_000_000 } == Array(84..<100))
    }

    /// Whatever else happens, streams that there is room for lose nothing to one, to strangers, or to a reload.
    @Test func noFloodPushesOutWhatIsKnownOfOthers() {
        var table = DecisionTable(streamsLimit: 1000, seed: 1)
        for index in 0..<500 { Self.note(.stale, of: "plant.\(index)", at: 0, in: &table) }
        let before = (0..<500).filter { !Self.kinds("plant.\($0)", table).isEmpty }.count
        #expect(before == 500)
        for index in 0..<20_000 {
            Self.note(.refused(index % 3 == 0 ? .late : .rate), of: "loud", at: Double(index) / 6, in: &table)
            Self.note(.refused(.unmatched), of: "stranger.\(index)", at: Double(index) / 6, in: &table)
            Self.note(.spilled(isIdle: false), of: "many.\(index)", at: Double(index) / 6, in: &table)
            Self.note(.reloaded(.kept, .model), of: "plant.\(index)", at: Double(index) / 6, in: &table)
        }
        let after = (0..<500).filter { Self.kinds("plant.\($0)", table).first == .stale }.count
        #expect(after == 500)
        // The newest of what gives way is there all the same.
        let stranger = Self.kinds("stranger.19999", table)
        #expect(stranger == [.refused(.unmatched)])
    }

    /// What is an hour old is in nobody's way.
    @Test func strangersAreSeenBesideStreamsOfLongAgo() {
        var table = DecisionTable(streamsLimit: 4, seed: 1)
        for index in 0..<100 { Self.note(.stale, of: "plant.\(index)", at: 0, in: &table) }
        Self.note(.refused(.unmatched), of: "stranger", at: 3599, in: &table)
        let early = Self.kinds("stranger", table)
        Self.note(.refused(.unmatched), of: "stranger", at: 3600, in: &table)
        let late = Self.kinds("stranger", table)
        #expect(early.isEmpty && late == [.refused(.unmatched)])
    }

    /// Against a table that forgets nothing: what is there is true, and of a set's streams the newest are there.
    @Test(arguments: [1, 2, 3] as [UInt64]) func whatIsThereIsTrue(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = DecisionTable(streamsLimit: 50, seed: seed)
        var reference: [String: [(kind: Decision.Kind, last: Double, count: UInt64)]] = [:]
        let kinds: [Decision.Kind] = [
            .stale, .turned, .refused(.late), .refused(.duplicate), .filled(.hold), .filled(.linear),
        ]
        var time = 0.0
        for _ in 0..<5000 {
            time += Double.random(in: 0..<4, using: &generator)
            let stream = "s\(Int.random(in: 0..<30, using: &generator))"
            let kind = kinds.randomElement(using: &generator)!
            Self.note(kind, of: stream, at: time, in: &table)
            let row = reference[stream] ?? []
            if let index = row.firstIndex(where: { $0.kind == kind && time - $0.last <= 60 }) {
                var entry = reference[stream]!.remove(at: index)
                (entry.last, entry.count) = (time, entry.count + 1)
                reference[stream]!.append(entry)
            } else {
                reference[stream, default: []].append((kind, time, 1))
            }
        }
        for (stream, row) in reference {
            let found = table.decisions(of: stream.utf8.span.bytes)
            #expect(found.map(\.kind) == row.suffix(16).map(\.kind), "seed \(seed), \(stream)")
            #expect(found.map(\.count) == row.suffix(16).map(\.count), "seed \(seed), \(stream)")
        }
    }

    /// However many streams come, the table stays as it is, and the newest are in it.
    @Test func theNewestOfTooManyAreThere() {
        var table = DecisionTable(streamsLimit: 100_000, seed: 1)
        for index in 0..<20_000 { Self.note(.stale, of: "plant.\(index)", at: 0, in: &table) }
        let found = (0..<20_000).filter { !Self.kinds("plant.\($0)", table).isEmpty }
        #expect(found.count > 4000 && found.count <= 4096)
        #expect(found.filter { $0 >= 19_500 }.count == 500)
    }

    @Test func dropsAreFoundByTheirNumber() {
        var table = DecisionTable(streamsLimit: 10, seed: 1)
        Self.note(.refused(.late), of: "a", at: 0, in: &table)
        let told = table.changeCount
        Self.note(.refused(.late), of: "b", at: 0, in: &table)
        Self.note(.stale, of: "c", at: 0, in: &table)
        for (change, expected) in [(0, ["a", "b"]), (told, ["b"]), (table.changeCount, [])] {
            var names: [String] = []
            for place in 0..<table.placeCount where table.hasDrop(in: place, after: change) {
                names.append(
                    table.identifier(in: place).withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
            }
            #expect(names.sorted() == expected)
        }
    }
}
