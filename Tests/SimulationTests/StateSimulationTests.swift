// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// Engines that take over the state of others, copied while those went on, and then do bit for bit the same.
struct StateSimulationTests {
    /// A plan and the ids of streams that come.
    struct Scene: CustomTestStringConvertible {
        var name: String
        var plan: ForecastPlan
        var streams: [String]
        var testDescription: String { name }
    }

    static let second: Int64 = 1_000_000_000

    static func weights(_ shape: RecurrentShape) -> RecurrentWeights {
        var generator = SeededGenerator(seed: 3)
        func random(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.6...0.6, using: &generator) }
        }
        return RecurrentWeights(
            shape: shape,
            layers: (0..<shape.layerCount).map { layer in
                let (rows, columns) = (4 * shape.hiddenSize, layer == 0 ? shape.inputSize : shape.hiddenSize)
                return RecurrentWeights.Layer(
                    input: random(rows * columns), recurrent: random(rows * shape.hiddenSize),
                    bias: random(rows))
            }, readout: random(shape.outputSize * shape.hiddenSize), readoutBias: random(shape.outputSize))
    }

    /// Rules that learn: adaptation with a season given and learned, related streams, anomalies, a windowed model.
    static func learning(isRelated: Bool = false, horizon: Int = 3) throws -> ForecastPlan {
        func model(_ mode: ForecastPlan.Model.Mode, outputs: Int) -> ForecastPlan.Model {
            let shape = RecurrentShape(inputSize: 1, hiddenSize: 3, layerCount: 2, outputSize: outputs)
            return ForecastPlan.Model(
                name: "m", revision: "\(outputs)", packed: PackedModel(weights(shape)), mode: mode,
                target: .difference)
        }
        func rule(_ match: String, _ model: Int, _ change: (inout ForecastPlan.Rule) -> Void) throws
            -> ForecastPlan.Rule
        {
            var rule = ForecastPlan.Rule(
                match: try Glob(match), model: model, scaling: .rolling(halfLife: 30), horizon: horizon,
                warmup: 4, maximumSkew: 60 * second)
            change(&rule)
            return rule
        }
        var season = Adaptation(depth: .light, season: 6, horizon: horizon, levels: [0.8, 0.95])
        if isRelated {
            season.related = try IdentifierTemplate("r0.*", of: try Glob("r0.*"), isPattern: true)
        }
        return ForecastPlan(
            models: [model(.stateful, outputs: 3), model(.window(length: 4), outputs: 1)],
            rules: [
                try rule("r0.*", 0) {
                    $0.adaptation = season
                    $0.anomalies = AnomalyPolicy()
                    $0.time.every = .period(second)
                    $0.time.windowLength = 90
                },
                try rule("r1.*", 0) {
                    $0.adaptation = Adaptation(
                        depth: .full, season: 0, seasonLimit: 12, horizon: horizon, levels: [0.9], mix: .boa)
                },
                try rule("r2.*", 1) {
                    $0.adaptation = nil
                    $0.time.every = .period(second / 2)
                },
            ], streamsLimit: 40, batchLimit: 7)
    }

    static func scene(_ name: String) throws -> Scene {
        switch name {
        case "time":
            let names = TimeSimulationTests.policies.indices.flatMap { ["r\($0).0", "r\($0).1"] }
            return Scene(name: name, plan: try TimeSimulationTests.plan(), streams: names)
        case "joins":
            let names = JoinSimulationTests.policies.indices.flatMap { rule in
                JoinSimulationTests.groups.flatMap { group in
                    ["t", "h", "p"].map { "r\(rule).\(group).\($0)" }
                }
            }
            return Scene(name: name, plan: try JoinSimulationTests.plan(), streams: names + ["shared.w"])
        default:
            let names = (0..<3).flatMap { rule in (0..<4).map { "r\(rule).\($0)" } }
            return Scene(name: name, plan: try learning(isRelated: name == "related"), streams: names)
        }
    }

    /// An engine, and what it has published.
    struct Run: ~Copyable {
        let streams: [String]
        var engine: ForecastEngine
        var published: [String] = []

        init(_ plan: ForecastPlan, streams: [String], seed: UInt64) {
            self.streams = streams
            engine = ForecastEngine(plan: plan, seed: seed)
        }

        mutating func take(_ event: NastyStreams.Event) {
            switch event {
            case .observation(let stream, let observation, let now):
                if engine.isFull { forecast(at: now) }
                _ = engine.accept(observation, of: streams[stream].utf8.span.bytes, at: now)
            case .endOfTurn(let now, let passesTime):
                forecast(at: now)
                guard passesTime else { return }
                while engine.passTime(to: now) { forecast(at: now) }
            }
        }

        mutating func forecast(at now: Timestamp) {
            while engine.advance(at: now) {
                for index in 0..<engine.forecastCount { published.append(Self.text(engine, index)) }
            }
        }

        /// All that a forecast says, to the bit, but for its age, which depends on when the turn ended.
        static func text(_ engine: borrowing ForecastEngine, _ index: Int) -> String {
            let head = engine.forecast(at: index)
            let name = engine.identifier(of: head.slot).withUnsafeBytes {
                String(decoding: $0, as: UTF8.self)
            }
            let (yhat, margins) = (engine.yhat(at: index), engine.margins(at: index))
            let score = engine.recentScore(at: index)
            let figures =
                yhat.indices.map { yhat[$0].bitPattern } + margins.indices.map { margins[$0].bitPattern }
                + score.indices.map { score[$0].bitPattern }
            return
                "\(name) \(head.time.nanoseconds) \(head.value) \(head.status) \(head.sequence) "
                + "\(head.warmth) \(head.gap) \(head.isReset) \(head.isRevised) "
                + "\(String(describing: head.anomalyScore)) \(head.alarm) \(figures)"
        }
    }

    /// Takes all of an engine's state at once.
    static func chunks(of engine: inout ForecastEngine) -> [[UInt8]] {
        engine.beginCopy()
        while engine.copyStreams(atMost: 1 << 30) {}
        return takeChunks(of: &engine)
    }

    static func takeChunks(of engine: inout ForecastEngine) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        while let chunk = engine.takeCopiedChunk() { chunks.append(chunk) }
        return chunks
    }

    static func reader(_ chunks: [[UInt8]]) -> StateReader {
        var rest = chunks[...]
        return StateReader { rest.popFirst() }
    }

    @Test(arguments: ["time", "joins", "learning", "related"], 1...6 as ClosedRange<UInt64>)
    func anEngineThatTakesOverAStateDoesTheSame(name: String, seed: UInt64) throws {
        let scene = try Self.scene(name)
        var run = Run(scene.plan, streams: scene.streams, seed: 1)
        var generator = SeededGenerator(seed: seed)
        var senders = NastyStreams(streamCount: scene.streams.count, seed: seed, largest: 1e300)
        for _ in 0..<Int.random(in: 0...6000, using: &generator) { run.take(senders.next()) }
        var event = senders.next()
        while true {
            run.take(event)
            if case .endOfTurn = event { break }
            event = senders.next()
        }
        let streamCount = run.engine.streamCount
        run.published = []
        run.engine.beginCopy()
        // The engine goes on while it is copied; what comes meanwhile comes to the other engine as well.
        var since: [NastyStreams.Event] = []
        while run.engine.isCopying {
            event = senders.next()
            since.append(event)
            run.take(event)
            guard case .endOfTurn = event, Bool.random(using: &generator) else { continue }
            _ = run.engine.copyStreams(atMost: Int.random(in: 1...3000, using: &generator))
        }
        var other = Run(scene.plan, streams: scene.streams, seed: 2)
        var reader = Self.reader(Self.takeChunks(of: &run.engine))
        let restoration = try other.engine.restore(from: &reader)
        #expect(other.engine.streamCount == streamCount && restoration.changed + restoration.left == 0)
        for event in since { other.take(event) }
        for _ in 0..<3000 {
            let event = senders.next()
            run.take(event)
            other.take(event)
        }
        #expect(run.published.count > 300)
        let difference = zip(run.published, other.published).first { $0 != $1 }
        #expect(difference == nil, "seed \(seed)")
        #expect(run.published.count == other.published.count)
        #expect(run.engine.timeCounts == other.engine.timeCounts)
        run.forecast(at: Timestamp(nanoseconds: .max / 2))
        other.forecast(at: Timestamp(nanoseconds: .max / 2))
        for slot in 0..<UInt32(run.engine.streamCount) {
            #expect(Self.difference(run.engine, other.engine, slot) == nil, "seed \(seed)")
        }
        // One more value makes a difference to its stream, whatever becomes of it, but to one that is only an input of others.
        guard name != "joins", run.engine.streamCount > 0 else { return }
        let stream = run.engine.identifier(of: 0).text
        let late = Observation(time: Timestamp(nanoseconds: 0), value: 1)
        _ = other.engine.accept(late, of: stream.utf8.span.bytes, at: Timestamp(nanoseconds: .max / 2))
        other.forecast(at: Timestamp(nanoseconds: .max / 2))
        #expect(Self.difference(run.engine, other.engine, 0) != nil, "seed \(seed)")
    }

    /// What differs first in the state of a stream of two engines.
    static func difference(
        _ engine: borrowing ForecastEngine, _ other: borrowing ForecastEngine, _ slot: UInt32
    ) -> String? {
        let name = engine.identifier(of: slot).text
        guard let place = other.slot(of: name.utf8.span.bytes) else { return "\(name) is missing" }
        return zip(engine.stateParts(of: slot), other.stateParts(of: place)).lazy
            .compactMap { $0.difference(from: $1) }.first
    }

    /// The learning plan after some time, its state, and its forecasts from there on.
    static func lived(_ count: Int = 2500) throws -> (
        chunks: [[UInt8]], since: [NastyStreams.Event], [String]
    ) {
        let scene = try scene("learning")
        var run = Run(scene.plan, streams: scene.streams, seed: 1)
        var senders = NastyStreams(streamCount: scene.streams.count, seed: 5)
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<count {
            let event = senders.next()
            if case .observation(_, _, let time) = event { now = time }
            run.take(event)
        }
        run.forecast(at: now)
        run.published = []
        let chunks = chunks(of: &run.engine)
        let since = (0..<1500).map { _ in senders.next() }
        for event in since { run.take(event) }
        return (chunks, since, run.published)
    }

    @Test func streamsWhoseRuleIsAsItWasGoOn() throws {
        let (chunks, since, published) = try Self.lived()
        let scene = try Self.scene("learning")
        // One rule before the others, one changed.
        var rules = scene.plan.rules
        rules[1].adaptation?.levels = [0.5]
        rules.insert(rules[2], at: 0)
        rules[0].match = try Glob("q*")
        let plan = ForecastPlan(
            models: scene.plan.models.reversed(),
            rules: rules.map {
                var rule = $0
                rule.model = 1 - rule.model
                return rule
            }, streamsLimit: 40, batchLimit: 16)
        var other = Run(plan, streams: scene.streams, seed: 2)
        var reader = Self.reader(chunks)
        let restoration = try other.engine.restore(from: &reader)
        #expect(restoration.kept == 8 && restoration.changed == 4 && restoration.left == 0)
        #expect(other.engine.streamCount == 8 && other.engine.forecastStreamCount == 8)
        for event in since { other.take(event) }
        for stream in scene.streams where !stream.hasPrefix("r1") {
            func of(_ all: [String]) -> [String] { all.filter { $0.hasPrefix("\(stream) ") } }
            let (want, got) = (of(published), of(other.published))
            #expect(want == got && want.count > 20, "\(stream)")
        }
    }

    @Test func aStateMayBeDividedAmongSeveralEngines() throws {
        let (chunks, since, published) = try Self.lived()
        let scene = try Self.scene("learning")
        var all: [String] = []
        let quota = StreamQuota(limit: 40)
        for part in 0..<3 as Range<UInt64> {
            func isOurs(_ id: RawSpan) -> Bool { StreamIdentifier.hash(of: id, seed: 9) % 3 == part }
            var run = Run(scene.plan, streams: scene.streams, seed: part)
            run.engine = ForecastEngine(plan: scene.plan, seed: part, quota: quota)
            var reader = Self.reader(chunks)
            let restoration = try run.engine.restore(from: &reader, isOurs: isOurs)
            #expect(restoration.kept == run.engine.streamCount && restoration.changed == 0)
            for event in since {
                if case .observation(let stream, _, _) = event,
                    !isOurs(scene.streams[stream].utf8.span.bytes)
                {
                    continue
                }
                run.take(event)
            }
            all += run.published
        }
        #expect(all.sorted() == published.sorted())
    }

    @Test func whereThereIsNoRoomStreamsAreLeft() throws {
        let (chunks, _, _) = try Self.lived()
        let plan = try Self.learning()
        let small = ForecastPlan(models: plan.models, rules: plan.rules, streamsLimit: 5, batchLimit: 7)
        var engine = ForecastEngine(plan: small, seed: 1)
        var reader = Self.reader(chunks)
        let restoration = try engine.restore(from: &reader)
        #expect(restoration.kept == 5 && restoration.left == 7 && engine.streamCount == 5)
    }

    @Test func whatIsCutShortIsFound() throws {
        let (chunks, _, _) = try Self.lived(200)
        let bytes = Array(chunks.joined())
        for length in stride(from: 0, to: bytes.count, by: 97) {
            var engine = ForecastEngine(plan: try Self.learning(), seed: 1)
            var reader = Self.reader([Array(bytes[..<length])])
            #expect(throws: StateError.self) { _ = try engine.restore(from: &reader) }
        }
        var engine = ForecastEngine(plan: try Self.learning(), seed: 1)
        var reader = Self.reader([[UInt8](repeating: 7, count: 1000)])
        #expect(throws: StateError.self) { _ = try engine.restore(from: &reader) }
    }
}

extension RawSpan {
    fileprivate var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}
