// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing

/// How an engine answers questions about its streams.
@Suite struct StreamSearchTests {
    /// The ids that a search finds, where it ends, and the slices that it took.
    static func search(
        _ small: SmallEngine, _ subject: StreamQuestion.Subject
    ) -> (found: [String], next: Int?, slices: Int) {
        var search = StreamSearch(StreamQuestion(number: 1, subject: subject))
        var slices = 0
        while true {
            slices += 1
            guard let answer = search.advance(over: small.engine) else { continue }
            return (answer.streams.map(\.identifier), answer.next, slices)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var first: Int
        var limit: Int
        var match = "*"
        var found: [Int]
        var next: Int?
        var slices: Int
        var testDescription: String { "\(match) from \(first), \(limit)" }
    }

    static let cases = [
        Case(first: 0, limit: 1000, found: Array(0..<1000), next: 1000, slices: 4),
        Case(first: 0, limit: 1001, found: Array(0..<1001), next: nil, slices: 4),
        Case(first: 0, limit: 5000, found: Array(0..<1001), next: nil, slices: 4),
        Case(first: 0, limit: 3, found: [0, 1, 2], next: 3, slices: 1),
        Case(first: 998, limit: 3, found: [998, 999, 1000], next: nil, slices: 1),
        Case(first: 1001, limit: 3, found: [], next: nil, slices: 1),
        Case(first: .max, limit: 3, found: [], next: nil, slices: 1),
        Case(first: 0, limit: 2, match: "plant.99?", found: [990, 991], next: 992, slices: 4),
        Case(first: 992, limit: 2, match: "plant.99?", found: [992, 993], next: 994, slices: 1),
        Case(first: 0, limit: 2, match: "other", found: [], next: nil, slices: 4),
    ]

    /// No slice looks at more than `sliceLength` slots.
    @Test(arguments: cases) func goesOnSliceBySlice(_ example: Case) throws {
        #expect(StreamSearch.sliceLength == 256)
        let small = try SmallEngine()
        for index in 0...1000 { small.take("plant.\(index)", 1, at: 0) }
        let result = Self.search(
            small, .several(first: example.first, limit: example.limit, match: try Glob(example.match)))
        #expect(result.found == example.found.map { "plant.\($0)" })
        #expect(result.next == example.next)
        #expect(result.slices == example.slices)
    }

    /// Drops of streams that match, as many as asked for, each once; the rest is counted.
    @Test func dropsAreToldOnce() throws {
        let small = try SmallEngine()
        for stream in ["plant.a", "plant.b", "plant.c"] {
            for second in [2.0, 1, 3] { small.take(stream, 1, at: second) }
        }
        small.take("lab.a", 1, at: 1)
        func drops(after: UInt64 = 0, limit: Int = 10, _ match: String...) throws -> StreamAnswer? {
            var search = StreamSearch(
                StreamQuestion(
                    number: 1,
                    subject: .drops(after: after, limit: limit, match: try match.map { try Glob($0) })))
            for _ in 0..<small.engine.decidedPlaceCount {
                if let answer = search.advance(over: small.engine) { return answer }
            }
            return nil
        }
        let all = try #require(try drops())
        #expect(Set(all.drops.map(\.stream)) == ["plant.a", "plant.b", "plant.c", "lab.a"] && all.more == 0)
        #expect(all.drops.allSatisfy { $0.decision.count == 1 })
        #expect(try drops(after: all.change)?.drops.isEmpty == true)
        let some = try #require(try drops(limit: 1, "plant.?", "none"))
        #expect(some.drops.count == 1 && some.more == 2)
        small.take("plant.b", 1, at: 0)
        let next = try #require(try drops(after: all.change))
        #expect(next.drops.map(\.stream) == ["plant.b"] && next.drops.map(\.decision.count) == [2])
    }

    /// One round of changes after another, each in as many pieces as the limit makes.
    @Test(arguments: [1, 7, 300, 5000]) func changesAreToldOnceEach(limit: Int) throws {
        let small = try SmallEngine(traceLength: 4)
        var (told, named, after): ([Int: UInt64], [String], UInt64) = ([:], [], 0)
        func round() {
            var (slot, begun): (Int?, UInt64) = (0, 0)
            while let first = slot {
                var search = StreamSearch(
                    StreamQuestion(
                        number: 1,
                        subject: .changed(after: after, first: first, named: named.count, limit: limit)))
                var answer: StreamAnswer?
                while answer == nil { answer = search.advance(over: small.engine) }
                if first == 0 { begun = answer?.change ?? 0 }
                named += answer?.names ?? []
                for row in answer?.rows ?? [] { told[Int(row.slot)] = row.sequence }
                #expect(answer?.rows.count ?? 0 <= limit)
                slot = answer?.next
            }
            after = begun
        }
        for index in 0..<600 { small.take("plant.\(index)", 1, at: 0) }
        round()
        #expect(named == (0..<600).map { "plant.\($0)" } && told.count == 600)
        told = [:]
        round()
        #expect(told.isEmpty)
        for index in [3, 4, 599] { small.take("plant.\(index)", 2, at: 1) }
        small.take("plant.new", 2, at: 1)
        round()
        #expect(told == [3: 2, 4: 2, 599: 2, 600: 1] && named.last == "plant.new" && named.count == 601)
    }

    /// Who knew the stream that a slot had is told which one has it now.
    @Test func aSlotThatIsAnotherStreamsIsNamedAnew() throws {
        let small = try SmallEngine(traceLength: 4, streamsLimit: 2, idle: 10_000_000_000)
        func changes(after: UInt64, named: Int) throws -> StreamAnswer {
            var search = StreamSearch(
                StreamQuestion(
                    number: 1, subject: .changed(after: after, first: 0, named: named, limit: 100)))
            let answer = search.advance(over: small.engine)
            return try #require(answer)
        }
        small.take("plant.a", 1, at: 0)
        small.take("plant.b", 1, at: 5)
        let first = try changes(after: 0, named: 0)
        #expect(first.names == ["plant.a", "plant.b"] && first.rows.count == 2 && first.renamed == [:])
        small.pass(to: 12)
        #expect(small.engine.lifecycleCounts.forgotten == 1 && small.engine.forecastStreamCount == 1)
        #expect(Self.search(small, .several(first: 0, limit: 5, match: .everything)).found == ["plant.b"])
        let second = try changes(after: first.change, named: 2)
        #expect(second.rows.isEmpty && second.renamed == [:])
        small.take("plant.c", 1, at: 13)
        let third = try changes(after: second.change, named: 2)
        #expect(third.rows.map(\.slot) == [0] && third.renamed == [0: "plant.c"] && third.names == [])
        #expect(third.rows.first?.sequence == 1)
        small.take("plant.c", 2, at: 14)
        let fourth = try changes(after: third.change, named: 2)
        #expect(fourth.rows.map(\.sequence) == [2] && fourth.renamed == [:])
    }

    @Test func anEngineWithoutStreamsAnswersToo() throws {
        let result = Self.search(try SmallEngine(), .several(first: 0, limit: 5, match: .everything))
        #expect(result.found == [] && result.next == nil && result.slices == 1)
    }

    @Test func oneStreamIsFoundByItsId() throws {
        let small = try SmallEngine()
        small.take("plant.a/b", 1, at: 0)
        small.take("plant.c", 1, at: 0)
        #expect(Self.search(small, .one(Array("plant.c".utf8))).found == ["plant.c"])
        #expect(Self.search(small, .one(Array("plant.d".utf8))).found == [])
    }
}

/// What an engine knows of a stream.
@Suite struct StreamSummaryTests {
    @Test func warmsWithItsTicks() throws {
        let small = try SmallEngine()
        #expect(small.summary("plant.a") == nil)
        var statuses: [Forecast.Status] = []
        for second in 0..<4 {
            small.take("plant.a", Double(second), at: Double(second))
            statuses.append(try #require(small.summary("plant.a")).status)
        }
        #expect(statuses == [.warming, .warming, .ok, .ok])
        let summary = try #require(small.summary("plant.a"))
        #expect(summary.ticks == 4 && summary.sequence == 4 && summary.warmth == 1 && summary.gap == 0)
        let newest = Observation(time: Timestamp(nanoseconds: 3_000_000_000), value: 3)
        #expect(summary.newest == newest && summary.tick == newest && summary.period == 0)
        // The model says 0, which the rolling scale makes the mean.
        #expect(summary.next == 1.5 && summary.scale?.mean == 1.5)
    }

    @Test func showsGapsAndSilence() throws {
        var time = TimePolicy()
        time.every = .period(1_000_000_000)
        time.limit = 3_000_000_000
        let small = try SmallEngine(time: time, scaling: .none, warmup: 0)
        small.take("plant.a", 5, at: 100.5)
        #expect(small.summary("plant.a")?.tick == nil, "its tick is open")
        small.take("plant.a", 7, at: 101.25)
        var summary = try #require(small.summary("plant.a"))
        #expect(summary.tick == Observation(time: Timestamp(nanoseconds: 100_000_000_000), value: 5))
        #expect(summary.newest.value == 7 && summary.period == 1_000_000_000 && summary.scale == nil)
        small.pass(to: 104.5)
        summary = try #require(small.summary("plant.a"))
        #expect(summary.status == .ok && summary.gap > 0 && summary.tick?.value == 7 && summary.next == 0)
        small.pass(to: 200)
        summary = try #require(small.summary("plant.a"))
        #expect(summary.status == .stale && summary.gap == 3 && summary.next == nil)
    }
}
