// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing
import WireFormat

struct JSONDecoderTests {
    static let decoder = PayloadDecoder.json(JSONDecoder())

    @Test(arguments: [
        (#"{"value":1}"#, [Decoded("a", nil, 1)]),
        (#" { "value" : -0.5e1 , "ts" : 2 } "#, [Decoded("a", 2_000_000_000, -5)]),
        (#"{"ds":1700000000.123456789,"y":20.1234}"#, [Decoded("a", 1_700_000_000_123_456_789, 20.1234)]),
        (#"{"ts":1.7e9,"value":0}"#, [Decoded("a", 1_700_000_000_000_000_000, 0)]),
        (#"{"ts":-0.000000001,"value":-0.0}"#, [Decoded("a", -1, -0.0)]),
        (#"{"ts":"2026-11-23T06:59:40.25Z","value":1}"#, [Decoded("a", 1_795_417_180_250_000_000, 1)]),
        (
            #"{"ts":5,"values":{"temp":1,"hum":2.5,"gone":null}}"#,
            [Decoded("a.temp", 5_000_000_000, 1), Decoded("a.hum", 5_000_000_000, 2.5)]
        ),
        (
            #"{"values":{"temp":1},"value":3,"ts":5}"#,
            [Decoded("a.temp", 5_000_000_000, 1), Decoded("a", 5_000_000_000, 3)]
        ),
        (#"[{"value":1},{"ts":1,"y":2}]"#, [Decoded("a", nil, 1), Decoded("a", 1_000_000_000, 2)]),
        (
            #"{"x":[1,{"y":[]},"é\ud83d\ude00\n",true,null,-1e5],"value":7,"note":{"value":8}}"#,
            [Decoded("a", nil, 7)]
        ),
        ("{\"note\":\"grüße 漢 😀\",\"value\":1}", [Decoded("a", nil, 1)]),
    ])
    func reads(payload: String, expected: [Decoded]) {
        #expect(decode(Array(payload.utf8), as: Self.decoder) == .success(expected))
    }

    @Test(
        arguments: [
            ("", .empty), (" ", .syntax), ("{", .syntax), ("{}", .missingValue), ("[]", .missingValue),
            ("1", .wrongType),
            ("[1]", .wrongType), (#"{"value":}"#, .syntax), (#"{"value":1"#, .syntax),
            (#"{"value":1}x"#, .syntax),
            (#"{"value":1,}"#, .syntax), (#"{"value" 1}"#, .syntax), (#"{value:1}"#, .syntax),
            (#"{"value":NaN}"#, .notFinite), (#"{"value":1,"other":[NaN]}"#, .notFinite),
            (#"{"value":NaNs}"#, .syntax), (#"{"value":Nan}"#, .syntax), (#"{"value":inf}"#, .syntax),
            (#"{"value":Infinity}"#, .notFinite), (#"{"value":-Infinity}"#, .notFinite),
            (#"{"value":0x10}"#, .syntax),
            (#"{"value":+1}"#, .syntax), (#"{"value":.5}"#, .syntax), (#"{"value":1.}"#, .syntax),
            (#"{"value":01}"#, .syntax), (#"{"value":1e}"#, .syntax), (#"{"value":--1}"#, .syntax),
            (#"{"value":1e999}"#, .notFinite), (#"{"value":-1e309}"#, .notFinite),
            (#"{"value":null}"#, .missingValue),
            (#"{"value":"1"}"#, .wrongType), (#"{"value":true}"#, .wrongType), (#"{"value":{}}"#, .wrongType),
            (#"{"values":[1]}"#, .wrongType), (#"{"values":{}}"#, .missingValue),
            (#"{"values":{"a":null}}"#, .missingValue),
            (#"{"values":{"a":"x"}}"#, .wrongType), (#"{"values":{"a b":1}}"#, .identifier),
            (#"{"values":{"":1}}"#, .identifier), (#"{"ts":1}"#, .missingValue),
            (#"{"ts":null,"value":1}"#, .timestamp),
            (#"{"ts":"yesterday","value":1}"#, .timestamp), (#"{"ts":true,"value":1}"#, .wrongType),
            (#"{"ts":1e300,"value":1}"#, .timestamp), (#"{"ts":9300000000,"value":1}"#, .timestamp),
            (#"{"value":1,"value":2}"#, .duplicateField), (#"{"value":1,"y":2}"#, .duplicateField),
            (#"{"ts":1,"ts":1,"value":1}"#, .duplicateField), (#"[{"value":1},{}]"#, .missingValue),
            (#"{"value":1,"x":"\ud800"}"#, .encoding), (#"{"value":1,"x":"\udc00"}"#, .encoding),
            (#"{"value":1,"x":"\q"}"#, .syntax), (#"{"value":1,"x":"\u12g4"}"#, .syntax),
            ("{\"value\":1,\"x\":\"a\nb\"}", .syntax), (#"{"value":1,"x":tru}"#, .syntax),
            ("\u{FEFF}{\"value\":1}", .syntax),
        ] as [(String, DecodeError)])
    func refuses(payload: String, reason: DecodeError) {
        #expect(decode(Array(payload.utf8), as: Self.decoder) == .failure(reason))
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5],
            [0x80],
            [0xE2, 0x82],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        let payload = Array(#"{"value":1,"x":""#.utf8) + bytes + Array(#""}"#.utf8)
        #expect(decode(payload, as: Self.decoder) == .failure(.encoding))
    }

    @Test func nestsUpTo32Levels() {
        func nested(_ levels: Int) -> [UInt8] {
            Array(
                (#"{"value":1,"x":"# + String(repeating: "[", count: levels)
                    + String(repeating: "]", count: levels) + "}").utf8)
        }
        #expect(decode(nested(31), as: Self.decoder) == .success([Decoded("a", nil, 1)]))
        #expect(decode(nested(32), as: Self.decoder) == .failure(.depth))
        #expect(decode(nested(100_000), as: Self.decoder) == .failure(.depth))
    }

    @Test func limitsObservationsAndIdentifiers() {
        let three = Array(#"[{"value":1},{"value":2},{"value":3}]"#.utf8)
        #expect(decode(three, as: Self.decoder, capacity: 2) == .failure(.tooManyObservations))
        let long = String(repeating: "x", count: 128)
        let field = Array(#"{"values":{"t":1}}"#.utf8)
        #expect(decode(field, as: Self.decoder, identifier: long) == .failure(.identifier))
        #expect(
            decode(Array(#"{"value":1}"#.utf8), as: Self.decoder, identifier: "a b") == .failure(.identifier))
    }

    @Test(
        arguments: [(TimeUnit.s, 1_000_000_000), (.ms, 1_000_000), (.us, 1000), (.ns, 1)]
            as [(TimeUnit, Int64)])
    func fieldNamesAndUnitsCanBeChosen(unit: TimeUnit, nanoseconds: Int64) {
        let fields = FieldNames(time: ["when"], value: ["reading"], values: "all")
        let decoder = PayloadDecoder.json(JSONDecoder(fields: fields, timeUnit: unit))
        #expect(
            decode(Array(#"{"when":7,"reading":1,"value":"not read"}"#.utf8), as: decoder)
                == .success([Decoded("a", 7 * nanoseconds, 1)]))
    }

    static let pointers = PayloadDecoder.json(
        JSONDecoder(
            fields: FieldNames(
                time: ["/meta/at", "ts"], value: ["/data/reading/0/value", "/data/list/1", "/a~1b/m~0n"],
                values: "/data/all")))

    @Test(arguments: [
        (
            #"{"data":{"reading":[{"value":1},{"value":2}]},"meta":{"at":5}}"#,
            [Decoded("a", 5_000_000_000, 1)]
        ),
        (#"{"data":{"reading":{"0":{"value":1}}},"ts":5}"#, [Decoded("a", 5_000_000_000, 1)]),
        (#"{"data":{"list":[7,8,9]}}"#, [Decoded("a", nil, 8)]),
        (#"{"a/b":{"m~n":3,"x":[{}]}}"#, [Decoded("a", nil, 3)]),
        (
            #"{"data":{"all":{"t":1,"h":2}},"meta":{"x":1,"at":5}}"#,
            [Decoded("a.t", 5_000_000_000, 1), Decoded("a.h", 5_000_000_000, 2)]
        ),
        (
            #"[{"data":{"list":[7,8]}},{"data":{"list":[7,9]}}]"#,
            [Decoded("a", nil, 8), Decoded("a", nil, 9)]
        ),
        (#"{"data":5,"meta":null,"a/b":{"m~n":3}}"#, [Decoded("a", nil, 3)]),
    ])
    func followsPointers(payload: String, expected: [Decoded]) {
        #expect(decode(Array(payload.utf8), as: Self.pointers) == .success(expected))
    }

    @Test(
        arguments: [
            (#"{"value":1}"#, .missingValue), (#"{"data":{"reading":[]}}"#, .missingValue),
            (#"{"data":{"reading":[{"value":"1"}]}}"#, .wrongType), (#"{"data":{"list":[7,8}}"#, .syntax),
            (#"{"data":{"list":[7,8]},"a/b":{"m~n":3}}"#, .duplicateField),
            (#"{"data":{"list":[7,8]},"data":{"list":[7,8]}}"#, .duplicateField),
            (#"{"data":{"list":[tru,8]}}"#, .syntax),
        ] as [(String, DecodeError)])
    func refusesBehindPointers(payload: String, reason: DecodeError) {
        #expect(decode(Array(payload.utf8), as: Self.pointers) == .failure(reason))
    }

    @Test(arguments: [
        ("a", ["a"]), ("a/b", ["a/b"]), ("/a/b", ["a", "b"]), ("/", [""]), ("/a//b", ["a", "", "b"]),
        ("/a~1b/~0", ["a/b", "~"]), ("/~01", ["~1"]), ("/a~", nil), ("/~2", nil), ("a~", ["a~"]),
    ])
    func pointersAreThoseOfRFC6901(name: String, path: [String]?) {
        #expect(FieldNames.path(of: name) == path)
    }

    @Test(
        arguments: [
            (#"{"value":"21.5","ts":"7"}"#, .success([Decoded("a", 7_000_000_000, 21.5)])),
            (
                #"{"value":-1,"ts":"2026-11-23T06:59:40.25Z"}"#,
                .success([Decoded("a", 1_795_417_180_250_000_000, -1)])
            ),
            (#"{"values":{"t":"1e3","h":null}}"#, .success([Decoded("a.t", nil, 1000)])),
            (#"{"value":""}"#, .failure(.wrongType)), (#"{"value":"x"}"#, .failure(.wrongType)),
            (#"{"value":" 1"}"#, .failure(.wrongType)), (#"{"value":"1x"}"#, .failure(.wrongType)),
            (#"{"value":"nan"}"#, .failure(.wrongType)), (#"{"value":"1e999"}"#, .failure(.notFinite)),
            (#"{"value":1,"ts":"soon"}"#, .failure(.timestamp)), (#"{"value":true}"#, .failure(.wrongType)),
        ] as [(String, Result<[Decoded], DecodeError>)])
    func numbersCanBeText(payload: String, expected: Result<[Decoded], DecodeError>) {
        let decoder = PayloadDecoder.json(JSONDecoder(allowsNumbersAsText: true))
        #expect(decode(Array(payload.utf8), as: decoder) == expected)
    }
}
