// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

/// What happens to streams where the shelf has no room for them, or does not give them back.
struct ShelfTests {
    /// An engine with room for two streams, and its shelf.
    struct Small: ~Copyable {
        var engine: ForecastEngine
        let shelf: MemoryShelf

        init(
            spillLimit: Int = 64 << 20, plan: ForecastPlan? = nil, shelf: MemoryShelf = MemoryShelf()
        ) throws {
            self.shelf = shelf
            let base = try plan ?? StateSimulationTests.learning()
            engine = ForecastEngine(
                plan: LifecycleSimulationTests.plan(base, limit: 2, spillLimit: spillLimit), seed: 1)
            engine.use(shelf.shelf)
        }

        mutating func take(_ stream: String, at seconds: Double) -> Refusal? {
            let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000 + Int64(seconds * 1e9))
            let refusal = engine.accept(
                Observation(time: now, value: seconds), of: stream.utf8.span.bytes, at: now)
            while engine.advance(at: now) {}
            return refusal
        }

        /// Forecasts of a stream in memory.
        func sequence(_ stream: String) -> UInt64? {
            engine.slot(of: stream.utf8.span.bytes).map { engine.summary(of: $0).sequence }
        }

        var counts: LifecycleCounts { engine.lifecycleCounts }

        func kinds(_ stream: String) -> [Decision.Kind] {
            engine.decisions(of: stream.utf8.span.bytes).map(\.kind)
        }
    }

    @Test func whereThereIsNoRoomStreamsAreRefusedUntilThereIs() throws {
        var small = try Small()
        var refusals = [small.take("r1.a", at: 0), small.take("r1.b", at: 0)]
        small.shelf.isFull = true
        refusals += [small.take("r1.c", at: 1), small.take("r1.a", at: 1)]
        small.shelf.isFull = false
        // It is not tried at once again.
        refusals += [small.take("r1.c", at: 1.5), small.take("r1.c", at: 2.5)]
        #expect(refusals == [nil, nil, .streamsLimit, nil, .streamsLimit, nil])
        var counts = small.counts
        #expect(counts.spilled == 1 && counts.unplaced == 2)
        // The one that is there stays there as long as there is no room for another.
        small.shelf.isFull = true
        refusals = [small.take("r1.b", at: 4)]
        small.shelf.isFull = false
        refusals.append(small.take("r1.b", at: 6))
        #expect(refusals == [.streamsLimit, nil])
        counts = small.counts
        let (sequence, known) = (small.sequence("r1.b"), small.engine.forecastStreamCount)
        #expect(sequence == 2 && known == 3 && counts.revived == 1 && counts.lost == 0)
    }

    @Test func theShelfHasALimit() throws {
        var small = try Small(spillLimit: 4096)
        let refusals = ["r1.a", "r1.b", "r1.c", "r1.c"].map { small.take($0, at: 0) }
        let (counts, putCount) = (small.counts, small.shelf.putCount)
        #expect(refusals == [nil, nil, .streamsLimit, .streamsLimit])
        #expect(counts.unplaced == 2 && counts.spilled == 0 && putCount == 0)
    }

    /// Whoever asks why is told, of a stream that is on the shelf as well.
    @Test func whatBecomesOfStreamsIsNoted() throws {
        var small = try Small()
        for (index, stream) in ["r1.a", "r1.b", "r1.c", "r1.a"].enumerated() {
            let refusal = small.take(stream, at: Double(index))
            #expect(refusal == nil)
        }
        var kinds = small.kinds("r1.a")
        #expect(kinds == [.spilled(isIdle: false), .revived])
        let setting = small.engine.decisions(of: "r1.a".utf8.span.bytes)[0].setting
        let isKnown = ["r1.a", "r1.b", "r1.d"].map { small.engine.knows($0.utf8.span.bytes) }
        #expect(setting == .count(2) && isKnown == [true, true, false])
        small.shelf.damage = 777
        _ = small.take("r1.b", at: 9)
        kinds = small.kinds("r1.b")
        #expect(kinds == [.spilled(isIdle: false), .lost])
    }

    @Test func aStreamWhoseStateIsDestroyedBeginsAnew() throws {
        var small = try Small()
        for (index, stream) in ["r1.a", "r1.a", "r1.b", "r1.c"].enumerated() {
            let refusal = small.take(stream, at: Double(index))
            #expect(refusal == nil)
        }
        small.shelf.damage = 777
        let refusal = small.take("r1.a", at: 9)
        let (counts, sequence) = (small.counts, small.sequence("r1.a"))
        #expect(refusal == nil && sequence == 1 && counts.lost == 1 && counts.revived == 0)
        let (known, spilled) = (small.engine.forecastStreamCount, small.engine.spilledCount)
        #expect(known == 3 && spilled == 1)
    }

    /// Who reads a state without a shelf is told how many streams are missing, instead of an index of what is not there.
    @Test func withoutTheShelfItsStreamsAreLeft() throws {
        var small = try Small()
        for stream in ["r1.a", "r0.a", "r0.b", "r1.b"] { _ = small.take(stream, at: 0) }
        var reader = StateSimulationTests.reader(StateSimulationTests.chunks(of: &small.engine))
        let plan = LifecycleSimulationTests.plan(
            try StateSimulationTests.learning(), limit: 2, spillLimit: 0)
        var other = ForecastEngine(plan: plan, seed: 2)
        let restoration = try other.restore(from: &reader)
        #expect(restoration.kept == 2 && restoration.left == 2 && restoration.changed == 0)
        let (known, spilled) = (other.forecastStreamCount, other.spilledCount)
        #expect(known == 2 && spilled == 0)
    }

    /// What is on the shelf goes on under another plan if its own rule is as it was.
    @Test func aChangedRuleIsFoundWhenItsStreamComesBack() throws {
        var small = try Small()
        for stream in ["r1.a", "r0.a", "r0.b", "r1.b"] { _ = small.take(stream, at: 0) }
        let chunks = StateSimulationTests.chunks(of: &small.engine)
        var rules = try StateSimulationTests.learning().rules
        rules[1].adaptation?.levels = [0.5]
        let plan = try StateSimulationTests.learning()
        var other = try Small(
            plan: ForecastPlan(models: plan.models, rules: rules, streamsLimit: 40, batchLimit: 7),
            shelf: small.shelf)
        var reader = StateSimulationTests.reader(chunks)
        let restoration = try other.engine.restore(from: &reader)
        #expect(restoration.kept == 3 && restoration.changed == 1)
        let known = other.engine.forecastStreamCount
        #expect(known == 3)
        let refusals = ["r0.a", "r1.a"].map { other.take($0, at: 5) }
        let (counts, sequence) = (other.counts, other.sequence("r1.a"))
        #expect(refusals == [nil, nil] && sequence == 1 && counts.lost == 1 && counts.revived == 1)
    }
}
