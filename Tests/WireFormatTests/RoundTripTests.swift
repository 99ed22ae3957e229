// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import WireFormat

/// Random observations, written as a message of each format and read again.
///
/// Line protocol has its own in `LineProtocolDecoderTests`.
struct RoundTripTests {
    /// Observations of one message: a time in whole nanoseconds or none, and any finite value.
    static func observations(using generator: inout SeededGenerator) -> [(time: Int64?, value: Double)] {
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            let bits = UInt64.random(in: 0...(.max), using: &generator)
            let value = Double(bitPattern: bits)
            let isTimed = Bool.random(using: &generator)
            return (
                isTimed ? .random(in: .min...(.max), using: &generator) : nil,
                value.isFinite ? value : Double(bits >> 40)
            )
        }
    }

    static func expected(_ observations: [(time: Int64?, value: Double)]) -> [Decoded] {
        observations.map { Decoded("a", $0.time, $0.value) }
    }

    @Test func json() {
        var generator = SeededGenerator(seed: 51)
        let decoder = PayloadDecoder.json(JSONDecoder(timeUnit: .ns))
        for _ in 0..<5000 {
            let observations = Self.observations(using: &generator)
            let objects = observations.map { observation in
                let value = "\"value\":\(observation.value)"
                return "{" + (observation.time.map { "\"ts\":\($0),\(value)" } ?? value) + "}"
            }
            let message = objects.count == 1 ? objects[0] : "[\(objects.joined(separator: ", "))]"
            #expect(
                decode(Array(message.utf8), as: decoder) == .success(Self.expected(observations)),
                "\(message)")
        }
    }

    @Test func messagePack() {
        var generator = SeededGenerator(seed: 52)
        let decoder = PayloadDecoder.messagePack(MessagePackDecoder(timeUnit: .ns))
        for _ in 0..<5000 {
            let observations = Self.observations(using: &generator)
            let maps = observations.map { observation in
                let value = ("value", MessagePackValue.double(observation.value))
                return MessagePackValue.map(
                    observation.time.map { [("ts", .integer($0)), value] } ?? [value])
            }
            let message = maps.count == 1 ? maps[0] : .array(maps)
            #expect(decode(message.encoded, as: decoder) == .success(Self.expected(observations)))
        }
    }

    @Test func text() {
        var generator = SeededGenerator(seed: 53)
        for _ in 0..<5000 {
            let (time, value) = Self.observations(using: &generator)[0]
            let columns: [Column] = time == nil ? [.value] : [.ts, .value]
            let message = time.map { "\($0) \(value)" } ?? "\(value)"
            let decoder = PayloadDecoder.text(TextDecoder(columns: columns, timeUnit: .ns))
            #expect(
                decode(Array(message.utf8), as: decoder) == .success([Decoded("a", time, value)]),
                "\(message)")
        }
    }

    @Test func doubles() {
        var generator = SeededGenerator(seed: 54)
        let decoder = PayloadDecoder.binary(BinaryDecoder(width: .double))
        for _ in 0..<5000 {
            let value = Self.observations(using: &generator)[0].value
            let message = BinaryDecoderTests.bytes([value])
            #expect(decode(message, as: decoder) == .success([Decoded("a", nil, value)]))
        }
    }
}
