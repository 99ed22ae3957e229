// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import RecurrentKernels
import TestSupport
import Testing
import WireFormat

/// Messages of many streams, with duplicates, late and early ones, broken ones and bursts, from one seed,
/// through decoder, engine and encoder; checked against a slow bookkeeper.
struct MessageSimulationTests {
    /// One message, and what must come of it.
    struct Message {
        var stream: String
        var payload: String
        var time: Timestamp
        var value: Double
        var isBroken = false
    }

    static let limit = 12
    static let skew: Int64 = 5_000_000_000

    static func messages(_ count: Int, seed: UInt64) -> [(message: Message, now: Timestamp)] {
        var generator = SeededGenerator(seed: seed)
        var now: Int64 = 1_700_000_000_000
        var sent: [Message] = []
        return (0..<count).map { index in
            now += Int64.random(in: 0...400, using: &generator)
            let stream = "s\(Int.random(in: 0..<15, using: &generator))"
            var time = now
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: time -= Int64.random(in: 1...5000, using: &generator)
            case 1: time += Int64.random(in: 1...9000, using: &generator)
            case 2 where !sent.isEmpty:
                let again = sent.randomElement(using: &generator)!
                return (again, Timestamp(nanoseconds: now * 1_000_000))
            case 3:
                let payload = ["", "{", "[1]", #"{"value":}"#, #"{"value":1e400}"#].randomElement(
                    using: &generator)!
                return (
                    Message(
                        stream: stream, payload: payload, time: Timestamp(nanoseconds: 0), value: 0,
                        isBroken: true), Timestamp(nanoseconds: now * 1_000_000)
                )
            default: break
            }
            let value = Double(Int.random(in: -500...500, using: &generator)) / 8
            let message = Message(
                stream: stream, payload: #"{"ts":\#(time),"value":\#(value)}"#,
                time: Timestamp(nanoseconds: time * 1_000_000), value: value)
            sent.append(message)
            return (message, Timestamp(nanoseconds: now * 1_000_000))
        }
    }

    /// Each observation a tick, and a grid with all that event time alone decides.
    static let policies: [TimePolicy] = {
        var grid = TimePolicy()
        (grid.every, grid.aggregate, grid.lateness) = (.period(1_000_000_000), .mean, 3_000_000_000)
        (grid.fill, grid.renewal, grid.windowLength) = (.forecast, .rewarm, 32)
        var revised = grid
        (revised.lateness, revised.reviseLimit) = (0, 4)
        return [TimePolicy(), grid, revised]
    }()

    static func plan(_ time: TimePolicy = TimePolicy()) throws -> ForecastPlan {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 5, layerCount: 1, outputSize: 2)
        var generator = SeededGenerator(seed: 1)
        func draw(_ count: Int) -> [Float] {
            (0..<count).map { _ in .random(in: -0.4...0.4, using: &generator) }
        }
        let weights = RecurrentWeights(
            shape: shape,
            layers: [RecurrentWeights.Layer(input: draw(20), recurrent: draw(100), bias: draw(20))],
            readout: draw(10), readoutBias: draw(2))
        return ForecastPlan(
            models: [
                ForecastPlan.Model(
                    name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful,
                    target: .difference)
            ],
            rules: [
                ForecastPlan.Rule(
                    match: try Glob("s*"), model: 0, scaling: .rolling(halfLife: 30), horizon: 2, warmup: 3,
                    maximumSkew: skew, time: time)
            ], streamsLimit: limit, batchLimit: 16)
    }

    /// What a run gave: counts by reason, and each stream's published payloads.
    struct Outcome: Equatable {
        var counts: [String: Int] = [:]
        var payloads: [String: [String]] = [:]
    }

    /// Runs the messages with a turn after each `turnLength` of them.
    static func run(
        _ messages: [(message: Message, now: Timestamp)], turnLength: Int, time: TimePolicy = TimePolicy()
    ) throws -> Outcome {
        var engine = ForecastEngine(plan: try plan(time), seed: 3)
        var decoded = DecodedMessage()
        var encoder = ForecastEncoder(
            epoch: 7, rules: [RuleLabels(model: "m", revision: "r")], times: .ms, maximumHorizon: 2)
        let decoder = PayloadDecoder.json(WireFormat.JSONDecoder(timeUnit: .ms))
        var outcome = Outcome()
        func publish(_ engine: inout ForecastEngine, at now: Timestamp) {
            while engine.advance(at: now) {
                for index in 0..<engine.forecastCount {
                    var head = engine.forecast(at: index)
                    head.age = 0  // depends on when the turn ends
                    let stream = engine.identifier(of: head.slot)
                    encoder.encode(head, stream: stream, yhat: engine.yhat(at: index))
                    let name = stream.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                    let text = encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                    outcome.payloads[name, default: []].append(text)
                }
            }
        }
        for (index, (message, now)) in messages.enumerated() {
            do throws(DecodeError) {
                try decoder.decode(
                    identifier: message.stream.utf8.span.bytes, payload: message.payload.utf8.span.bytes,
                    into: &decoded)
                let (time, value) = decoded.observation(at: 0)
                let observation = Observation(time: time ?? now, value: value)
                let refusal = engine.accept(observation, of: decoded.identifier(at: 0), at: now)
                outcome.counts[refusal?.label ?? "accepted", default: 0] += 1
            } catch {
                outcome.counts["broken", default: 0] += 1
            }
            if engine.isFull || index % turnLength == turnLength - 1 { publish(&engine, at: now) }
        }
        publish(&engine, at: messages.last?.now ?? Timestamp(nanoseconds: 0))
        return outcome
    }

    /// Keeps the books in the most obvious way: which message must be taken, and why not.
    static func expected(_ messages: [(message: Message, now: Timestamp)]) -> (
        [String: Int], [String: [Double]]
    ) {
        var counts: [String: Int] = [:]
        var accepted: [String: [Double]] = [:]
        var newest: [String: (Timestamp, Double)] = [:]
        for (message, now) in messages {
            let last = newest[message.stream]
            let isAhead = message.time.nanoseconds > now.nanoseconds + skew
            let outcome: String
            if message.isBroken {
                outcome = "broken"
            } else if last == nil && newest.count == limit {
                outcome = "streams_limit"
            } else if let last, message.time < last.0 {
                outcome = "late"
            } else if let last, message.time == last.0 && message.value == last.1 {
                outcome = "duplicate"
            } else if isAhead {
                outcome = "ahead"
            } else {
                outcome = "accepted"
                newest[message.stream] = (message.time, message.value)
                accepted[message.stream, default: []].append(message.value)
            }
            counts[outcome, default: 0] += 1
        }
        return (counts, accepted)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func everyMessageIsAccountedFor(seed: UInt64) throws {
        let messages = Self.messages(6000, seed: seed)
        let outcome = try Self.run(messages, turnLength: 10)
        let (counts, accepted) = Self.expected(messages)
        #expect(outcome.counts == counts, "seed \(seed)")
        #expect(
            Set(counts.keys).isSuperset(of: [
                "accepted", "broken", "late", "duplicate", "ahead", "streams_limit",
            ]))
        #expect(outcome.payloads.mapValues(\.count) == accepted.mapValues(\.count))
        for (stream, payloads) in outcome.payloads {
            let fields = try payloads.map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(fields.map { $0["y"] as? Double } == accepted[stream], "seed \(seed)")
            #expect(fields.map { $0["seq"] as? Int } == Array(1...payloads.count))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64], policies)
    func howTurnsAreCutDoesNotChangeAByte(seed: UInt64, time: TimePolicy) throws {
        let messages = Self.messages(3000, seed: seed)
        let reference = try Self.run(messages, turnLength: 1, time: time)
        #expect(reference.payloads.count == Self.limit)
        for turnLength in [2, 7, 1000] {
            #expect(try Self.run(messages, turnLength: turnLength, time: time) == reference, "seed \(seed)")
        }
    }
}
