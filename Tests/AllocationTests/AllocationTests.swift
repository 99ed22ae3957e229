// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import ForecastDaemon
import Forecasting
import Foundation
import RecurrentKernels
import StateStore
import Testing
import WireFormat

/// After warm-up, a message on its way from bytes to bytes allocates nothing.
///
/// (Refused messages are not counted here: the testing library takes a backtrace of every error thrown.)
struct AllocationTests {
    /// The whole way of messages but for the sockets: frames, decoder, engine, encoder, and what measures it.
    struct Way: ~Copyable {
        var decoded = DecodedMessage()
        var engine: ForecastEngine
        var encoder: ForecastEncoder
        var topic = AlarmTopic()
        var clock = TurnClock()
        var tally: StatusTally
        let decoder: PayloadDecoder
        var forecastCount = 0

        init(_ plan: ForecastPlan, decoder: PayloadDecoder, format: ForecastFormat) {
            engine = ForecastEngine(plan: plan, seed: 1)
            tally = StatusTally(engine)
            encoder = ForecastEncoder(
                epoch: 1,
                rules: plan.rules.map {
                    RuleLabels(model: "m", revision: "r", levels: $0.adaptation?.levels ?? [])
                },
                format: format, times: .rfc3339, maximumHorizon: plan.rules.map(\.horizon).max() ?? 1)
            self.decoder = decoder
        }

        mutating func take(identifier: [UInt8], payload: [UInt8], now: Timestamp) {
            do throws(DecodeError) {
                try decoder.decode(
                    identifier: identifier.span.bytes, payload: payload.span.bytes, into: &decoded)
            } catch { return }
            for index in 0..<decoded.count {
                if engine.isFull { forecast(at: now) }
                Self.offer(decoded, index, to: &engine, at: now)
            }
        }

        private static func offer(
            _ decoded: borrowing DecodedMessage, _ index: Int, to engine: inout ForecastEngine,
            at now: Timestamp
        ) {
            let (time, value) = decoded.observation(at: index)
            _ = engine.accept(
                Observation(time: time ?? now, value: value), of: decoded.identifier(at: index), at: now)
        }

        mutating func passTime(to now: Timestamp) {
            while engine.passTime(to: now) { forecast(at: now) }
        }

        mutating func forecast(at now: Timestamp) {
            clock.beginTurn()
            clock.end(.receive)
            while engine.advance(at: now) {
                clock.end(.step)
                Self.encode(engine, into: &encoder, &topic, &tally)
                clock.endPublishing(engine.forecastCount)
                forecastCount += engine.forecastCount
            }
            clock.endTurn(received: 1, limit: 1)
        }

        private static func encode(
            _ engine: borrowing ForecastEngine, into encoder: inout ForecastEncoder,
            _ topic: inout AlarmTopic, _ tally: inout StatusTally
        ) {
            for index in 0..<engine.forecastCount {
                let forecast = engine.forecast(at: index)
                tally.note(forecast.status, of: forecast.slot)
                if forecast.alarm.isChange { topic.write(engine.identifier(of: forecast.slot)) }
                encoder.encode(
                    forecast, stream: engine.identifier(of: forecast.slot), yhat: engine.yhat(at: index),
                    margins: engine.margins(at: index),
                    score: engine.recentScore(at: index))
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var mode: ForecastPlan.Model.Mode
        var outputs: Int
        var horizon: Int
        var decoder: PayloadDecoder
        var precision = Precision.float32
        var time = TimePolicy()
        var scaling = Scaling.rolling(halfLife: 100)
        var values = ValuePolicy()
        var adaptation: Adaptation?
        var anomalies: AnomalyPolicy?
        var format = ForecastFormat.json
        /// Whether the streams that end in `temp` have those in `hum`, one for all, and the hour as inputs beside them.
        var isJoined = false
        var payload: @Sendable (Int) -> [UInt8]
        var testDescription: String { name }
    }

    static let json = PayloadDecoder.json(JSONDecoder())
    static let cases = [
        Case(name: "stateful, direct", mode: .stateful, outputs: 4, horizon: 4, decoder: json) {
            Array(#"{"ts":\#(1_700_000_000 + $0).25,"value":\#(Double($0 % 13) * 0.37)}"#.utf8)
        },
        Case(name: "stateful, recursion", mode: .stateful, outputs: 1, horizon: 6, decoder: json) {
            Array(#"{"ts":"2026-01-01T00:00:00.\#(100_000 + $0)Z","value":\#($0 % 13)}"#.utf8)
        },
        Case(name: "window", mode: .window(length: 5), outputs: 1, horizon: 2, decoder: json) {
            Array(#"{"values":{"temp":\#($0 % 7),"hum":1e-3}}"#.utf8)
        },
        Case(
            name: "in the last precision of this machine", mode: .stateful, outputs: 20, horizon: 20,
            decoder: json,
            precision: Precision.available.last ?? .float32
        ) { Array(#"{"value":\#(Double($0 % 13) * 0.37)}"#.utf8) },
        Case(name: "text", mode: .stateful, outputs: 1, horizon: 1, decoder: .text(TextDecoder())) {
            Array("\($0).5".utf8)
        },
        Case(
            name: "JSON behind a pointer, as text", mode: .stateful, outputs: 1, horizon: 1,
            decoder: .json(
                JSONDecoder(fields: FieldNames(value: ["/data/1/reading"]), allowsNumbersAsText: true))
        ) { Array(#"{"ts":"\#($0)","data":[0,{"reading":"\#($0).5"}]}"#.utf8) },
        Case(
            name: "MessagePack in and out", mode: .stateful, outputs: 1, horizon: 20,
            decoder: .messagePack(MessagePackDecoder()), format: .messagePack
        ) {
            [0x82, 0xA2] + "ts".utf8 + [0xCB] + bigEndian(Double($0)) + [0xA1] + "y".utf8 + [UInt8($0 % 100)]
        },
        Case(
            name: "f64", mode: .stateful, outputs: 1, horizon: 1,
            decoder: .binary(BinaryDecoder(width: .double, columns: [.ts, .named("x"), .value]))
        ) { bigEndian(Double($0)).reversed() + bigEndian(1.5).reversed() + bigEndian(0.25).reversed() },
        Case(
            name: "line protocol", mode: .stateful, outputs: 1, horizon: 1,
            decoder: .lineProtocol(LineProtocolDecoder(timeUnit: .s))
        ) { Array("boiler,unit=3 temp=\($0 % 7).5,state=\"on\",ok=true \($0)".utf8) },
    ]

    static func bigEndian(_ value: Double) -> [UInt8] {
        withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) }
    }

    /// A window whose values in order are a tree: at 50 streams each comes 80 times a round.
    static let windowCases = [20, 70].map { length in
        var time = TimePolicy()
        time.windowLength = length
        return Case(
            name: "the scale of a window of \(length)", mode: .stateful, outputs: 1, horizon: 1,
            decoder: json,
            time: time, scaling: .window
        ) { Array(#"{"value":\#(Double($0 * $0 % 1013) * 0.37)}"#.utf8) }
    }

    /// Every third value of a stream comes late, and revises the forecast of the one before.
    static let revisedCases = [ForecastPlan.Model.Mode.stateful, .window(length: 4)].map { mode in
        var time = TimePolicy()
        (time.every, time.reviseLimit, time.windowLength) = (.period(9_000_000_000), 64, 70)
        return Case(
            name: "late values revise, \(mode)", mode: mode, outputs: 1, horizon: 3, decoder: json,
            time: time,
            scaling: .window
        ) { Array(#"{"ts":\#($0 - ($0 / 50 % 3 == 2 ? 70 : 0)),"value":\#(Double($0 % 13) * 0.37)}"#.utf8) }
    }

    /// A stream comes every 50 seconds here, so that each value ends a gap or a silence.
    static let timedCases = TimePolicy.Fill.allCases.map { fill in
        var time = TimePolicy()
        (time.every, time.fill, time.lateness) = (.period(9_000_000_000), fill, 9_000_000_000)
        (time.season, time.windowLength) = (7, 11)
        if fill == .linear { time.every = .auto }
        if fill == .skip { (time.limit, time.renewal) = (9_000_000_000, .rewarm) }
        if fill == .seasonal { time.limit = 18_000_000_000 }
        return Case(
            name: "gaps filled: \(fill)", mode: .stateful, outputs: 1, horizon: 3, decoder: json, time: time
        ) { Array(#"{"ts":\#($0),"value":\#(Double($0 % 13) * 0.37)}"#.utf8) }
    }

    static let joinedCases = [TimePolicy.Renewal.reset, .rewarm].flatMap { renewal in
        [TimePolicy.Every.event, .period(9_000_000_000)].map { every in
            var time = TimePolicy()
            (time.every, time.wait, time.windowLength) = (every, 9_000_000_000, 11)
            (time.renewal, time.limit) = (renewal, renewal == .rewarm ? 0 : nil)
            let mode: ForecastPlan.Model.Mode = renewal == .rewarm ? .stateful : .window(length: 4)
            return Case(
                name: "joined: \(every), \(renewal)", mode: mode, outputs: 3, horizon: 3, decoder: json,
                time: time, isJoined: true
            ) { index in
                let ending = index % 7 == 0 ? "" : #","hum":\#(index % 11)"#
                return Array(#"{"ts":\#(index),"values":{"temp":\#(index % 13)\#(ending)}}"#.utf8)
            }
        }
    }

    static func joined(_ match: Glob) throws -> InputList {
        func member(_ text: String, _ fill: InputList.Fill) throws -> InputList.Source {
            .member(try IdentifierTemplate(text, of: match), fill: fill, aggregate: .mean)
        }
        let sources: [InputList.Source] = [
            .sine(.hour), .target, try member("$1.hum", .mean), try member("stream.0.hum", .hold),
        ]
        return InputList(
            sources.enumerated().map {
                let isCalendar = $0.offset == 0
                return InputList.Input(
                    name: "\($0.offset)", source: $0.element,
                    scaling: isCalendar ? .none : .rolling(halfLife: 100))
            })
    }

    /// Every other value waits for one before it; some are bad.
    static let valueCase = {
        var (time, values) = (TimePolicy(), ValuePolicy())
        time.lateness = 60_000_000_000
        (values.rejected, values.minimum, values.rate, values.stuck) = ([-1], -5, 1000, .observations(9))
        return Case(
            name: "out of order, values held against the last", mode: .stateful, outputs: 1, horizon: 1,
            decoder: json, time: time, values: values
        ) {
            let second = $0 / 50 % 2 == 0 ? $0 + 55 : $0
            return Array(#"{"ts":\#(second),"value":\#($0 % 97 == 0 ? -1 : Double($0 % 13))}"#.utf8)
        }
    }()

    /// At 50 streams each comes 80 times a round, so that learning begins in the first.
    static let adaptedCases = [(ForecastFormat.json, Adaptation.Mix.mlpol), (.messagePack, .boa)].map {
        format, mix in
        Case(
            name: "adapted, \(mix), as \(format)", mode: .stateful, outputs: 4, horizon: 4, decoder: json,
            adaptation: Adaptation(depth: .full, season: 12, horizon: 4, levels: [0.5, 0.9], mix: mix),
            anomalies: AnomalyPolicy(), format: format
        ) {
            Array(
                #"{"ts":\#(1_700_000_000 + $0),"value":\#(Double($0 % 13) * 0.37 + ($0 % 1999 < 300 ? 100 : 0))}"#
                    .utf8)
        }
    }

    /// Streams that look at each other.
    static let relatedCase = {
        var adaptation = Adaptation(depth: .light, season: 0, horizon: 2, levels: [0.9])
        adaptation.related = try? IdentifierTemplate("*", of: .everything, isPattern: true)
        return Case(
            name: "related", mode: .stateful, outputs: 2, horizon: 2, decoder: json, adaptation: adaptation
        ) {
            Array(#"{"ts":\#(1_700_000_000 + $0),"value":\#(Double($0 % 13) * 0.37)}"#.utf8)
        }
    }()

    @Test(
        arguments: cases + windowCases + revisedCases + timedCases + [valueCase] + joinedCases + adaptedCases
            + [relatedCase])
    func aMessageAllocatesNothing(_ example: Case) throws {
        var generator = SystemRandomNumberGenerator()
        let match = try Glob(example.isJoined ? "*.temp" : "*")
        let inputs = example.isJoined ? try Self.joined(match) : nil
        let shape = RecurrentShape(
            inputSize: inputs?.inputs.count ?? 1, hiddenSize: 17, layerCount: 2, outputSize: example.outputs)
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -0.2...0.2, using: &generator) }
        }
        let weights = RecurrentWeights(
            shape: shape,
            layers: (0..<2).map { layer in
                RecurrentWeights.Layer(
                    input: draw(68 * shape.inputSize(ofLayer: layer)), recurrent: draw(68 * 17),
                    bias: draw(68))
            }, readout: draw(17 * example.outputs), readoutBias: draw(example.outputs))
        let plan = ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r",
                    packed: PackedModel(weights, precision: example.precision), mode: example.mode,
                    target: .value)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: match, model: 0, scaling: example.scaling,
                    horizon: example.horizon,
                    warmup: 3, maximumSkew: .max, time: example.time, values: example.values, inputs: inputs,
                    adaptation: example.adaptation, anomalies: example.anomalies)
            ], streamsLimit: 1000, batchLimit: 32, traceLength: 50)
        var way = Way(plan, decoder: example.decoder, format: example.format)
        let identifiers = (0..<50).map { Array("stream.\($0)".utf8) }
        let payloads = (0..<12_000).map { example.payload($0) }
        var counts: [UInt64] = [0, 0, 0]
        for round in counts.indices {
            let before = allocation_count()
            for index in 0..<4000 {
                let now = Timestamp(nanoseconds: Int64(round * 4000 + index) * 1_000_000_000)
                way.take(
                    identifier: identifiers[index % 50], payload: payloads[4000 * round + index], now: now)
                if index % 20 == 19 {
                    way.forecast(at: now)
                    way.passTime(to: now)
                }
            }
            counts[round] = allocation_count() - before
        }
        #expect(counts[1] == 0 && counts[2] == 0, "allocations per round of 4000 messages: \(counts)")
        // Ticks that are still open at the end are not forecast, and neither are bad values.
        #expect(way.forecastCount >= 11_750)
    }

    /// Once one stream of a rule has learned a season, to learn the same costs the others nothing.
    @Test func aLearnedSeasonAllocatesNothing() {
        let forecaster = AdaptiveForecaster(
            Adaptation(depth: .light, season: 0, seasonLimit: 50, horizon: 2, levels: [0.9]), hiddenSize: 2,
            rowCount: 2)
        let hidden: [Float] = [0.5, -0.5]
        var (yhat, margins) = ([0.0, 0], [0.0, 0, 0, 0])
        var counts: [UInt64] = [0, 0]
        for row in counts.indices {
            let before = allocation_count()
            for tick in 0..<500 {
                _ = forecaster.advance(
                    row: row, .init(value: Double(tick % 13)), hidden: hidden, yhat: &yhat, margins: &margins)
            }
            counts[row] = allocation_count() - before
        }
        #expect(forecaster.season(row: 0) == 13 && forecaster.season(row: 1) == 13)
        #expect(counts[0] > 0 && counts[1] == 0, "allocations per stream: \(counts)")
    }

    /// A producer's message, good, repeated or early, with all that it is told, from its first frame to the answer's.
    @Test func aMessageOfAProducerAllocatesNothing() {
        var table = ProducerTable(ProducerTable.Limits(), seed: 1)
        var numbers = ProducerNumbers(capacity: 1000, seed: 1)
        let peers = (0..<50).map { Array("peer \($0)".utf8) }
        for (index, peer) in peers.enumerated() {
            let key = Array("meters/\(index)".utf8)
            _ = table.greet(peer.span.bytes, as: key.span.bytes, first: 0, at: Timestamp(nanoseconds: 0))
        }
        while table.takeAnswer() != nil {}
        let offsets: [UInt64] = [1, 1, 3]
        var (counts, byteCount): ([UInt64], Int) = ([0, 0], 0)
        for round in 0..<2 as Range<UInt64> {
            let before = allocation_count()
            for step in 0..<200 as Range<UInt64> {
                let now = Timestamp(nanoseconds: Int64(200 * round + step))
                for peer in peers {
                    for number in offsets {
                        let header = ProducerRequest.message(number: 200 * round + step + number).frame
                        guard case .message(let number) = ProducerRequest(header.bytes) else { continue }
                        if case .next(let slot) = table.receive(number, from: peer.span.bytes, at: now) {
                            Self.note(number, of: slot, in: table, &numbers, at: now)
                        }
                    }
                }
                table.endTurn(at: 200 * round + step)
                table.acknowledge(through: 200 * round + step)
                while let answer = table.takeAnswer() {
                    let told = ProducerAnswer.Numbers(
                        acknowledged: answer.acknowledged, received: answer.received, through: answer.through)
                    byteCount += ProducerAnswer.numbers(told).frame.bytes.byteCount
                }
            }
            counts[Int(round)] = allocation_count() - before
        }
        #expect(table.counts.repeated == 20_000 && table.counts.early == 20_000 && byteCount > 0)
        #expect(counts[1] == 0, "allocations per round of 30 000 messages: \(counts)")
    }

    private static func note(
        _ number: UInt64, of slot: Int, in table: borrowing ProducerTable, _ numbers: inout ProducerNumbers,
        at now: Timestamp
    ) {
        if numbers.newest(of: table.key(of: slot)) < number {
            numbers.note(number, of: table.key(of: slot), at: now)
        }
    }

    /// What is remembered of decisions, each for another stream, and of messages that cannot be read.
    @Test func whatIsRememberedOfDropsAllocatesNothing() {
        var decisions = DecisionTable(streamsLimit: 100, seed: 1)
        var messages = UnreadableMessages(inputCount: 1)
        let streams = (0..<1000).map { Array("stream.\($0)".utf8) }
        let before = allocation_count()
        for stream in streams {
            decisions.clock = Timestamp(nanoseconds: decisions.clock.nanoseconds + 100_000_000_000)
            decisions.note(
                .refused(.late), of: stream.span.bytes, from: decisions.clock, to: decisions.clock, value: 1,
                .none)
            messages.note(
                .syntax, input: 0, topic: stream.span.bytes, payload: stream.span.bytes, at: decisions.clock)
        }
        let count = allocation_count() - before
        let noted = (decisions.changeCount, messages.changeCount)
        #expect(count == 0 && noted == (1000, 1000))
    }

    @Test func aNumberAllocatesNothing() {
        var sequences = SenderSequences(capacity: 100, seed: 1)
        let topics = (0..<50).map { Array("topic.\($0)".utf8) }
        var counts: [UInt64] = [0, 0]
        for round in 0..<2 as Range<UInt64> {
            let before = allocation_count()
            for index in 0..<4000 as Range<UInt64> {
                let number = (round * 4000 + index) / 50 * 2 + index % 3
                let topic = topics[Int(index % 50)]
                sequences.count(.bits64(number), of: topic.span.bytes)
            }
            counts[Int(round)] = allocation_count() - before
        }
        #expect(counts[1] == 0 && sequences.totals.lost > 0, "allocations per round: \(counts)")
    }

    /// What an output keeps of what it publishes, of topics that have come before.
    @Test func aKeptMessageAllocatesNothing() {
        var retained = RetainedMessages(topicsLimit: 100, longestPayload: 600, seed: 1)
        var log = ReplayLog(byteCount: 100_000, topicsLimit: 100)
        let topics = (0..<50).map { Array("topic.\($0)".utf8) }
        let payload = [UInt8](repeating: 7, count: 600)
        var counts: [UInt64] = [0, 0]
        for round in counts.indices {
            let before = allocation_count()
            for index in 0..<4000 {
                let bytes = payload.span.extracting(first: 100 + index % 500).bytes
                let sequence = UInt64(round * 4000 + index)
                let topic = topics[index % 50]
                guard let number = retained.retain(bytes, topic: topic.span.bytes, sequence: sequence)
                else { continue }
                log.append(bytes, topic: number, sequence: sequence)
            }
            counts[round] = allocation_count() - before
        }
        let oldest = log.oldest
        #expect(counts[1] == 0 && oldest > 7000, "allocations per round: \(counts)")
    }

    /// Every value is that of a stream whose state is on disk, and for which another one goes there.
    @Test(arguments: [adaptedCases[0], timedCases[0]])
    func aStreamThatGoesAndComesBackAllocatesNothing(_ example: Case) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "fd-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        let disk = try StateDirectory(path: folder.path, ballastSize: 0).pipeline(0)
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 17, layerCount: 1, outputSize: example.outputs)
        func some(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 7) * 0.1 - 0.3 } }
        let weights = RecurrentWeights(
            shape: shape,
            layers: [.init(input: some(68), recurrent: some(68 * 17), bias: some(68))],
            readout: some(17 * example.outputs), readoutBias: some(example.outputs))
        let plan = ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .value)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: .everything, model: 0, scaling: example.scaling, horizon: example.horizon,
                    warmup: 3, maximumSkew: .max, time: example.time, adaptation: example.adaptation,
                    anomalies: example.anomalies, idleLimit: 1_000_000_000_000)
            ], streamsLimit: 10, batchLimit: 32, traceLength: 50, spillLimit: 64 << 20)
        var way = Way(plan, decoder: example.decoder, format: example.format)
        way.engine.use(
            StreamShelf(try SpillFile(disk, identity: 1), path: folder.path) { Issue.record("\($0)") })
        let identifiers = (0..<50).map { Array("stream.\($0)".utf8) }
        let payloads = (0..<12_000).map { example.payload($0) }
        var counts: [UInt64] = [0, 0, 0]
        for round in counts.indices {
            let before = allocation_count()
            for index in 0..<4000 {
                let now = Timestamp(nanoseconds: Int64(round * 4000 + index) * 1_000_000_000)
                way.take(
                    identifier: identifiers[index % 50], payload: payloads[4000 * round + index], now: now)
                if index % 5 == 4 {
                    way.forecast(at: now)
                    way.passTime(to: now)
                }
            }
            counts[round] = allocation_count() - before
        }
        let lives = way.engine.lifecycleCounts
        #expect(counts[2] == 0, "allocations per round of 4000 messages: \(counts)")
        #expect(lives.revived >= 11_900 && lives.lost + lives.unplaced == 0, "\(lives)")
    }

    /// Appended, written, and made durable beside.
    @Test func aRecordOfTheJournalAllocatesNothing() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "fd-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        let disk = try StateDirectory(path: folder.path, ballastSize: 0).pipeline(0)
        var recovery = try Recovery(disk, options: JournalOptions(segmentSize: 8 << 20), identity: 1)
        #expect(try recovery.next() == .end)
        var writer = try recovery.resume()
        let record = [UInt8](repeating: 1, count: 60)
        var counts: [UInt64] = [0, 0]
        for round in counts.indices {
            #expect(writer.synchroniser.synchronise() == .done)
            let before = allocation_count()
            for index in 0..<40_000 {
                _ = writer.append(record.span.bytes)
                if index % 100 == 99 { _ = writer.write() }
            }
            _ = writer.mark()
            _ = writer.write()
            counts[round] = allocation_count() - before
        }
        #expect(writer.written == 80_000 && counts[1] == 0, "allocations per round: \(counts)")
    }

    @Test func theCounterCounts() {
        let before = allocation_count()
        let values = [UInt8](repeating: 1, count: 10_000)
        #expect(allocation_count() > before && values.count == 10_000)
    }
}
