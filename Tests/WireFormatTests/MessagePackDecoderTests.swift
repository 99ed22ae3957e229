// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing
import WireFormat

struct MessagePackDecoderTests {
    static let decoder = PayloadDecoder.messagePack(MessagePackDecoder())

    static let good: [(MessagePackValue, [Decoded])] = [
        (["value": 1], [Decoded("a", nil, 1)]),
        (["value": -0.5, "ts": 2], [Decoded("a", 2_000_000_000, -0.5)]),
        (["y": .float(0.5), "ds": 0], [Decoded("a", 0, 0.5)]),
        (["ts": 1_700_000_000.1, "value": 1], [Decoded("a", 1_700_000_000_100_000_000, 1)]),
        (["ts": 1_700_000_000.123_456, "value": 1], [Decoded("a", 1_700_000_000_123_456_000, 1)]),
        (["ts": -0.25, "value": 1], [Decoded("a", -250_000_000, 1)]),
        (["ts": .float(0.5), "value": 1], [Decoded("a", 500_000_000, 1)]),
        (["ts": "2026-11-23T06:59:40.25Z", "value": 1], [Decoded("a", 1_795_417_180_250_000_000, 1)]),
        (
            ["ts": .time(seconds: 1_700_000_000, nanoseconds: 0), "value": 1],
            [Decoded("a", 1_700_000_000_000_000_000, 1)]
        ),
        (
            ["ts": .time(seconds: 5_000_000_000, nanoseconds: 999_999_999), "value": 1],
            [Decoded("a", 5_000_000_000_999_999_999, 1)]
        ),
        (["ts": .time(seconds: -1, nanoseconds: 1), "value": 1], [Decoded("a", -999_999_999, 1)]),
        (["value": .integer(.max)], [Decoded("a", nil, 0x1p63)]),
        (["value": .integer(.min)], [Decoded("a", nil, -0x1p63)]),
        (["value": .raw([0xCF] + Array(repeating: 0xFF, count: 8))], [Decoded("a", nil, 0x1p64)]),
        (
            ["ts": 5, "values": ["temp": 1, "hum": 2.5, "gone": .null]],
            [Decoded("a.temp", 5_000_000_000, 1), Decoded("a.hum", 5_000_000_000, 2.5)]
        ),
        (
            ["values": ["temp": 1], "value": 3, "ts": 5],
            [Decoded("a.temp", 5_000_000_000, 1), Decoded("a", 5_000_000_000, 3)]
        ),
        ([["value": 1], ["ts": 1, "y": 2]], [Decoded("a", nil, 1), Decoded("a", 1_000_000_000, 2)]),
        (
            [
                "x": [1, ["y": []], "\u{1F600}", .boolean(true), .null, .bytes([1, 2]), 1e5, .float(2)],
                "value": 7, "note": ["value": 8], "when": .time(seconds: 1, nanoseconds: 1),
                "ext": .raw([0xC7, 3, 7, 1, 2, 3]), "fixext": .raw([0xD4, 7, 1]),
                "long": .text(String(repeating: "x", count: 300)),
            ], [Decoded("a", nil, 7)]
        ),
        // Types of any width are taken, whether they are the shortest or not.
        (["value": .raw([0xD3, 0, 0, 0, 0, 0, 0, 0, 7])], [Decoded("a", nil, 7)]),
        (["value": .raw([0xCC, 7])], [Decoded("a", nil, 7)]),
        (.raw([0xDF, 0, 0, 0, 1, 0xDB, 0, 0, 0, 1, 0x79, 7]), [Decoded("a", nil, 7)]),
    ]

    @Test(arguments: good.indices) func reads(index: Int) {
        let (payload, expected) = Self.good[index]
        #expect(decode(payload.encoded, as: Self.decoder) == .success(expected))
    }

    @Test(
        arguments: [-129, -128, -33, -32, -1, 0, 127, 128, 255, 256, 65_535, 65_536, 1 << 32, -1 << 40]
            as [Int64])
    func integersOfEveryWidthAreRead(value: Int64) {
        let payload: MessagePackValue = ["ts": .integer(value), "value": .integer(value)]
        let decoder = PayloadDecoder.messagePack(MessagePackDecoder(timeUnit: .ns))
        #expect(decode(payload.encoded, as: decoder) == .success([Decoded("a", value, Double(value))]))
    }

    static let bad: [(MessagePackValue, DecodeError)] = [
        (.raw([]), .empty), ([:], .missingValue), ([], .missingValue), (1, .wrongType), ([1], .wrongType),
        ("value", .wrongType), (.null, .wrongType), (.raw([0xC1]), .syntax), (["ts": 1], .missingValue),
        (["value": .null], .missingValue), (["value": "1"], .wrongType), (["value": [:]], .wrongType),
        (["value": .boolean(true)], .wrongType), (["value": .bytes([1])], .wrongType),
        (["value": .raw([0xC1])], .syntax), (["value": .double(.nan)], .notFinite),
        (["value": .double(-.infinity)], .notFinite), (["value": .float(.infinity)], .notFinite),
        (["values": [1]], .wrongType), (["values": [:]], .missingValue),
        (["values": ["a": .null]], .missingValue), (["values": ["a": "x"]], .wrongType),
        (["values": ["a b": 1]], .identifier), (["values": ["": 1]], .identifier),
        (["ts": .null, "value": 1], .timestamp), (["ts": "yesterday", "value": 1], .timestamp),
        (["ts": .boolean(true), "value": 1], .wrongType), (["ts": .double(.nan), "value": 1], .timestamp),
        (["ts": 1e300, "value": 1], .timestamp), (["ts": 9_300_000_000, "value": 1], .timestamp),
        (["ts": .raw([0xCF] + Array(repeating: 0xFF, count: 8)), "value": 1], .timestamp),
        (["ts": .time(seconds: 1, nanoseconds: 1_000_000_000), "value": 1], .timestamp),
        (["ts": .time(seconds: 9_300_000_000, nanoseconds: 0), "value": 1], .timestamp),
        (["ts": .raw([0xD6, 5, 0, 0, 0, 1]), "value": 1], .wrongType),
        (["value": 1, "value": 2], .duplicateField), (["value": 1, "y": 2], .duplicateField),
        (["ts": 1, "ts": 1, "value": 1], .duplicateField), ([["value": 1], [:]], .missingValue),
        (.raw([0x81, 7, 7]), .wrongType), (.raw([0x81, 0xC4, 1, 0x79, 7]), .wrongType),
        (.raw([0x81, 0xA1, 0x79, 7, 7]), .syntax), (.raw([0xDF, 0xFF, 0xFF, 0xFF, 0xFF]), .syntax),
        (["x": .raw([0xDD, 0xFF, 0xFF, 0xFF, 0xFF])], .syntax),
        (["x": .raw([0xC6, 0xFF, 0xFF, 0xFF, 0xFF])], .syntax),
    ]

    @Test(arguments: bad.indices) func refuses(index: Int) {
        let (payload, reason) = Self.bad[index]
        #expect(decode(payload.encoded, as: Self.decoder) == .failure(reason))
    }

    /// No message that is cut short is taken.
    @Test(arguments: good.indices) func refusesEveryBeginning(index: Int) {
        let payload = Self.good[index].0.encoded
        for length in 1..<payload.count {
            #expect(decode(Array(payload.prefix(length)), as: Self.decoder) == .failure(.syntax), "\(length)")
        }
    }

    @Test func nestsUpTo32Levels() {
        func nested(_ levels: Int) -> [UInt8] {
            [0x82, 0xA1, 0x79, 7, 0xA1, 0x78] + [UInt8](repeating: 0x91, count: levels - 1) + [0x90]
        }
        #expect(decode(nested(31), as: Self.decoder) == .success([Decoded("a", nil, 7)]))
        #expect(decode(nested(32), as: Self.decoder) == .failure(.depth))
        #expect(decode(nested(100_000), as: Self.decoder) == .failure(.depth))
    }

    @Test(
        arguments: [(TimeUnit.s, 1_000_000_000), (.ms, 1_000_000), (.us, 1000), (.ns, 1)]
            as [(TimeUnit, Int64)])
    func fieldNamesAndUnitsCanBeChosen(unit: TimeUnit, nanoseconds: Int64) {
        let fields = FieldNames(time: ["when"], value: ["/data/1/reading"], values: "all")
        let decoder = PayloadDecoder.messagePack(MessagePackDecoder(fields: fields, timeUnit: unit))
        let payload: MessagePackValue = ["data": ["no", ["reading": 1]], "when": 7, "value": "not read"]
        #expect(decode(payload.encoded, as: decoder) == .success([Decoded("a", 7 * nanoseconds, 1)]))
        let double: MessagePackValue = ["data": ["no", ["reading": 1]], "when": 7.0]
        #expect(decode(double.encoded, as: decoder) == .success([Decoded("a", 7 * nanoseconds, 1)]))
    }
}
