// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing
import WireFormat

/// The MessagePack of a forecast says what its JSON says.
struct MessagePackEncoderTests {
    /// A forecast as Foundation reads it.
    struct Fields: Decodable, Equatable {
        struct Quality: Decodable, Equatable {
            var warm, age: Double
            var imputed, reset: Bool
            var gap: Int
            var inputs_missing: Int?
        }
        var anomaly_score: Double?

        var stream, every, model, revision, epoch, status: String
        var ts, y: Double
        var seq: UInt64
        var horizon: Int
        var yhat: [Double?]
        var quality: Quality

        init(_ json: [UInt8]) throws {
            self = try Foundation.JSONDecoder().decode(Self.self, from: Data(json))
        }
    }

    static func encode(
        _ forecast: Forecast, yhat: [Double], model: String = "pump", times: TimeFormat,
        format: ForecastFormat
    ) -> [UInt8] {
        var encoder = ForecastEncoder(
            epoch: 0xAB, rules: [RuleLabels(model: model, revision: "ab12")], format: format, times: times,
            maximumHorizon: yhat.count)
        encoder.encode(forecast, stream: "plant.a".utf8.span.bytes, yhat: yhat.span)
        return encoder.bytes.withUnsafeBytes { Array($0) }
    }

    static func text(_ message: [UInt8]) -> [UInt8]? { MessagePackText.json(message.span.bytes) }

    static func forecast(time: Int64 = 1_700_000_000_000_000_000, value: Double = 20.5, sequence: UInt64 = 12)
        -> Forecast
    {
        Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: time), value: value, status: .ok, warmth: 1,
            sequence: sequence, age: 0.0004, resolution: 1e-6, period: 10_000_000_000, isImputed: true,
            gap: 300, isReset: false
        )
    }

    @Test func writesTheDocumentedFieldsInTheirOrder() {
        let found = Self.encode(
            Self.forecast(), yhat: [20.6, .nan, 1e300], times: .rfc3339, format: .messagePack)
        let expected: MessagePackValue = [
            "stream": "plant.a", "ts": "2023-11-14T22:13:20Z", "every": "10s", "model": "pump",
            "revision": "ab12", "epoch": "00000000000000ab", "seq": 12, "status": "ok", "y": 20.5,
            "horizon": 3, "yhat": [.float(20.6), .null, 1e300],
            "quality": [
                "warm": .float(1), "imputed": .boolean(true), "age": .float(0.0004), "gap": 300,
                "reset": .boolean(false),
            ],
        ]
        #expect(found == expected.encoded)
    }

    @Test func saysOfARevisedForecastThatItIsOne() throws {
        var forecast = Self.forecast()
        forecast.isRevised = true
        let found = Self.encode(forecast, yhat: [1], times: .s, format: .messagePack)
        let json = try #require(Self.text(found))
        #expect(String(decoding: json, as: UTF8.self).hasSuffix(#""reset":false,"revised":true}}"#))
    }

    @Test(arguments: [TimeFormat.s, .ms, .us, .ns]) func saysWhatJSONSays(times: TimeFormat) throws {
        var generator = SeededGenerator(seed: 41)
        for _ in 0..<2000 {
            let bits = generator.next()
            let value = Double(bitPattern: bits)
            var forecast = Self.forecast(
                time: Int64(bitPattern: bits >> UInt64.random(in: 1...60, using: &generator)),
                value: value.isFinite ? value : 0,
                sequence: bits >> UInt64.random(in: 0...63, using: &generator))
            forecast.missingInputs = bits & 1 == 0 ? nil : Int(bits % 65)
            forecast.anomalyScore = bits & 2 == 0 ? nil : Double(bits % 1000) / 8
            forecast.status = bits & 4 == 0 ? .ok : .anomalous
            let yhat = (0..<Int.random(in: 1...40, using: &generator)).map { index in
                index == 3 ? Double.nan : Double(bitPattern: generator.next())
            }
            let json = Self.encode(forecast, yhat: yhat, times: times, format: .json)
            let bytes = Self.encode(forecast, yhat: yhat, times: times, format: .messagePack)
            let text = try #require(Self.text(bytes))
            var (one, other) = (try Fields(json), try Fields(text))
            // JSON has all nanoseconds of a time, a double as many as it can hold.
            #expect(abs(one.ts - other.ts) <= one.ts.ulp)
            (one.ts, other.ts) = (0, 0)
            #expect(one == other)
        }
    }

    @Test func theBufferHoldsTheLongestForecast() throws {
        let model = String(repeating: "\u{1F600}", count: 100)
        let forecast = Self.forecast(time: .min, value: -.greatestFiniteMagnitude, sequence: .max)
        let yhat = [Double](repeating: 1e300, count: 10_000)
        let bytes = Self.encode(forecast, yhat: yhat, model: model, times: .ns, format: .messagePack)
        let text = try #require(Self.text(bytes))
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
        #expect(fields["model"] as? String == model)
        #expect((fields["yhat"] as? [Double])?.count == 10_000)
    }

    @Test(
        arguments: [
            (MessagePackValue.map([("a\"\\\n", "\u{1}é")]), #"{"a\"\\\n":"\u0001é"}"#),
            (
                [1, -1, .null, .boolean(true), 0.5, .float(0.1), .double(.nan)],
                "[1,-1,null,true,0.5,0.1,null]"
            ),
        ] as [(MessagePackValue, String)])
    func becomesText(value: MessagePackValue, text: String) throws {
        let found = try #require(Self.text(value.encoded))
        let (one, other) = (
            try JSONSerialization.jsonObject(with: Data(found)) as? NSObject,
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSObject
        )
        #expect(one == other)
    }

    @Test(arguments: [[], [0xC1], [0x91], [0x81, 0x01, 0x01], [0x01, 0x01], [0xA1, 0xFF]] as [[UInt8]])
    func whatIsBrokenIsNoText(bytes: [UInt8]) {
        #expect(Self.text(bytes) == nil)
    }
}
