// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// Engines with room for few streams, and those that let idle ones go, beside engines with room for all.
struct LifecycleSimulationTests {
    typealias Run = StateSimulationTests.Run

    static let second: Int64 = 1_000_000_000

    /// The rules of a scene, and about 50 streams.
    static func scene(_ name: String) throws -> (plan: ForecastPlan, streams: [String]) {
        let scene = try StateSimulationTests.scene(name)
        let rules = scene.plan.rules.count
        return (scene.plan, (0..<54).map { "r\($0 % rules).\($0 / rules)" })
    }

    static func plan(
        _ plan: ForecastPlan, limit: Int, spillLimit: Int = 64 << 20, idle: Int64? = nil
    ) -> ForecastPlan {
        ForecastPlan(
            models: plan.models,
            rules: plan.rules.map {
                var rule = $0
                rule.idleLimit = idle
                return rule
            }, streamsLimit: limit, batchLimit: plan.batchLimit, spillLimit: spillLimit)
    }

    /// What was published of each stream, in its order.
    static func byStream(_ published: some Sequence<String>) -> [Substring: [String]] {
        Dictionary(grouping: published) { $0.prefix { $0 != " " } }
    }

    static func expectSame(
        _ got: some Sequence<String>, _ want: some Sequence<String>, _ comment: Comment
    ) {
        let (got, want) = (byStream(got), byStream(want))
        #expect(Set(got.keys) == Set(want.keys), comment)
        for (stream, texts) in want where got[stream] != texts {
            let found = got[stream] ?? []
            let place = zip(found, texts).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            Issue.record("\(comment): \(stream), forecast \(place ?? min(found.count, texts.count))")
        }
    }

    @Test(arguments: ["time", "learning"], 1...4 as ClosedRange<UInt64>)
    func anEngineWithRoomForFewDoesTheSame(name: String, seed: UInt64) throws {
        let (base, streams) = try Self.scene(name)
        for (limit, idle) in [(5, nil), (1, nil), (60, 3 * Self.second), (20, 10 * Self.second)]
            as [(Int, Int64?)]
        {
            var all = Run(Self.plan(base, limit: 60, spillLimit: 0), streams: streams, seed: 1)
            var few = Run(Self.plan(base, limit: limit, idle: idle), streams: streams, seed: 2)
            let shelf = MemoryShelf()
            few.engine.use(shelf.shelf)
            var senders = NastyStreams(streamCount: streams.count, seed: seed, largest: 1e300)
            var now = Timestamp(nanoseconds: 0)
            for _ in 0..<8000 {
                let event = senders.next()
                all.take(event)
                few.take(event)
                now = Self.time(of: event)
                #expect(few.engine.streamCount <= limit)
            }
            // What waits in the last turn may be forecast already where there is room for few.
            all.forecast(at: now)
            few.forecast(at: now)
            let comment: Comment = "\(name), seed \(seed), limit \(limit), idle \(idle ?? 0)"
            Self.expectSame(few.published, all.published, comment)
            #expect(all.published.count > 2000, comment)
            let counts = few.engine.lifecycleCounts
            #expect(few.engine.forecastStreamCount == all.engine.forecastStreamCount, comment)
            #expect(counts.spilled - counts.revived == UInt64(few.engine.spilledCount), comment)
            #expect(counts.revived > (limit < 60 ? 500 : 20), comment)
            #expect(counts.lost + counts.forgotten + counts.unplaced == 0 && shelf.destroyed == 0, comment)
            #expect(few.engine.timeCounts == all.engine.timeCounts, comment)
            #expect(few.engine.watchCounts == all.engine.watchCounts, comment)
            // Without a copy, a place is used again at once.
            #expect(few.engine.shelfByteCount <= 60 * 64 << 10, comment)
        }
    }

    /// Each life of a stream that is forgotten is another stream to an engine that forgets none.
    @Test(arguments: ["time", "learning"], 1...4 as ClosedRange<UInt64>)
    func aForgottenStreamBeginsAnew(name: String, seed: UInt64) throws {
        let (base, streams) = try Self.scene(name)
        let idle = 5 * Self.second
        var lives: [String] = []
        var current: [Int?] = streams.map { _ in nil }
        var came = streams.map { _ in Timestamp(nanoseconds: 0) }
        var some = Run(
            Self.plan(base, limit: 60, spillLimit: 0, idle: idle), streams: streams, seed: 1)
        var reference = ForecastEngine(plan: Self.plan(base, limit: 5000, spillLimit: 0), seed: 2)
        var published: [String] = []
        var senders = NastyStreams(streamCount: streams.count, seed: seed)
        var now = Timestamp(nanoseconds: 0)
        func forecast() {
            while reference.advance(at: now) {
                for index in 0..<reference.forecastCount { published.append(Run.text(reference, index)) }
            }
        }
        for _ in 0..<12_000 {
            let event = senders.next()
            if case .observation(let stream, let observation, let time) = event {
                now = time
                let isKnown = some.engine.slot(of: streams[stream].utf8.span.bytes) != nil
                if !isKnown { current[stream] = nil }
                if !isKnown, current[stream] == nil {
                    lives.append("\(streams[stream])-\(lives.count)")
                    current[stream] = lives.count - 1
                }
                if reference.isFull { forecast() }
                let life = lives[current[stream]!]
                _ = reference.accept(observation, of: life.utf8.span.bytes, at: time)
                came[stream] = time
            }
            some.take(event)
            guard case .endOfTurn(let time, let passesTime) = event else { continue }
            now = time
            forecast()
            guard passesTime else { continue }
            while reference.passTime(to: now) { forecast() }
            // What is a tick of its own is let go when it is time, and not before.
            for stream in streams.indices where base.rules[stream % base.rules.count].time.every == .event {
                guard base.rules[stream % base.rules.count].time.lateness == 0, current[stream] != nil,
                    some.engine.slot(of: streams[stream].utf8.span.bytes) != nil
                else { continue }
                #expect(now.nanoseconds - came[stream].nanoseconds < idle, "seed \(seed)")
            }
        }
        let forgotten = some.engine.lifecycleCounts.forgotten
        #expect(forgotten > 20, "seed \(seed)")
        let renamed = published.map { text -> String in
            let id = text.prefix { $0 != " " }
            return String(id.prefix { $0 != "-" }) + String(text.dropFirst(id.count))
        }
        Self.expectSame(some.published, renamed, "\(name), seed \(seed)")
    }

    static func time(of event: NastyStreams.Event) -> Timestamp {
        switch event {
        case .observation(_, _, let now), .endOfTurn(let now, _): now
        }
    }

    /// A snapshot that can be gone back to.
    struct Snapshot {
        var copy: UInt64
        var chunks: [[UInt8]]
        /// Events that it contains.
        var event: Int
    }

    /// Lives that end with power cuts; each goes on from one of the two newest snapshots, and is told what came since.
    @Test(arguments: ["time", "learning"], 1...8 as ClosedRange<UInt64>)
    func whatIsOnTheShelfOutlastsPowerCuts(name: String, seed: UInt64) throws {
        let (base, streams) = try Self.scene(name)
        let plan = Self.plan(base, limit: 7, idle: 8 * Self.second)
        var generator = SeededGenerator(seed: seed)
        var senders = NastyStreams(streamCount: streams.count, seed: seed)
        var reference = Run(Self.plan(base, limit: 60, spillLimit: 0), streams: streams, seed: 1)
        var (events, published): ([NastyStreams.Event], [Int]) = ([], [])
        let shelf = MemoryShelf()
        var snapshots: [Snapshot] = []
        var stored: UInt64 = 0
        for life in 0..<6 {
            var run = Run(plan, streams: streams, seed: UInt64(life))
            run.engine.use(shelf.shelf)
            // Now and then the newest is destroyed.
            if snapshots.count == 2, Bool.random(using: &generator) { snapshots.removeLast() }
            let begin = snapshots.last?.event ?? 0
            if let snapshot = snapshots.last {
                var reader = StateSimulationTests.reader(snapshot.chunks)
                let restoration = try run.engine.restore(from: &reader)
                #expect(restoration.changed + restoration.left == 0)
                stored = snapshot.copy
            }
            for event in events[begin...] { run.take(event) }
            var copied: Snapshot?
            for _ in 0..<Int.random(in: 500...3000, using: &generator) {
                let event = senders.next()
                events.append(event)
                reference.take(event)
                published.append(reference.published.count)
                run.take(event)
                guard case .endOfTurn(let now, _) = event else { continue }
                run.forecast(at: now)
                if copied == nil, Int.random(in: 0..<40, using: &generator) == 0 {
                    run.engine.note(stored: stored)
                    run.engine.beginCopy()
                    copied = Snapshot(copy: run.engine.copyNumber, chunks: [], event: events.count)
                }
                guard var snapshot = copied else { continue }
                if run.engine.isCopying {
                    _ = run.engine.copyStreams(atMost: Int.random(in: 1...20_000, using: &generator))
                    continue
                }
                copied = nil
                snapshot.chunks = StateSimulationTests.takeChunks(of: &run.engine)
                // Now and then there is no room for it.
                guard Int.random(in: 0..<4, using: &generator) > 0 else { continue }
                shelf.synchronise()
                snapshots = snapshots.suffix(1) + [snapshot]
                stored = snapshot.copy
            }
            let comment: Comment = "\(name), seed \(seed), life \(life)"
            #expect(run.engine.lifecycleCounts.lost == 0 && shelf.destroyed == 0, comment)
            // What waits in a turn is not forecast by either.
            let since = begin == 0 ? 0 : published[begin - 1]
            let end = Self.time(of: events.last!)
            run.forecast(at: end)
            reference.forecast(at: end)
            events.append(.endOfTurn(now: end, passesTime: false))
            published.append(reference.published.count)
            Self.expectSame(run.published, reference.published[since...], comment)
            shelf.cutPower(&generator)
        }
        #expect(shelf.putCount > 1000)
    }
}
