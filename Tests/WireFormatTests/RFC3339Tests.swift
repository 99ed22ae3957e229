// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing
import WireFormat

struct RFC3339Tests {
    static func read(_ text: String) -> Int64? {
        let payload = Array(#"{"ts":"\#(text)","value":1}"#.utf8)
        let decoder = PayloadDecoder.json(WireFormat.JSONDecoder())
        guard case .success(let observations) = decode(payload, as: decoder) else { return nil }
        return observations.first?.nanoseconds
    }

    static func write(_ nanoseconds: Int64, as format: TimeFormat = .rfc3339) -> String {
        var encoder = ForecastEncoder(
            epoch: 0, rules: [RuleLabels(model: "m", revision: "r")], times: format, maximumHorizon: 1)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: nanoseconds), value: 1, status: .ok, warmth: 1,
            sequence: 1, age: 0)
        encoder.encode(head, stream: "a".utf8.span.bytes, yhat: [Double]().span)
        let text = encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return String(text[text.firstRange(of: "\"ts\":")!.upperBound...].prefix { $0 != "," })
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-23T06:59:40.123456789Z", 1_795_417_180_123_456_789),
        ("2026-11-23t07:59:40+01:00", 1_795_417_180_000_000_000),
        ("2026-11-23 05:29:40-01:30", 1_795_417_180_000_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000), ("1700-01-01T00:00:00Z", -8_520_336_000_000_000_000),
        ("2026-11-23T06:59:40.1234567899Z", 1_795_417_180_123_456_789),
        ("1677-09-21T00:12:43.145224192Z", .min), ("1677-09-21T00:12:43.5Z", -9_223_372_036_500_000_000),
        ("2262-04-11T23:47:16.854775807Z", .max),
    ])
    func reads(text: String, nanoseconds: Int64) {
        #expect(Self.read(text) == nanoseconds)
    }

    @Test(arguments: [
        "2026-11-23", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+24:00", "2500-01-01T00:00:00Z", "1500-01-01T00:00:00Z",
        "2026/01/01T00:00:00Z", "2026-01-01T00:00:0xZ", "1677-09-21T00:12:43.145224191Z",
        "2262-04-11T23:47:16.854775808Z",
    ])
    func refuses(text: String) {
        #expect(Self.read(text) == nil)
    }

    @Test func agreesWithFoundationAndReadsBackItself() throws {
        var generator = SeededGenerator(seed: 2)
        let style = Date.ISO8601FormatStyle()
        for _ in 0..<20_000 {
            let seconds = Int64.random(in: -9_000_000_000...9_000_000_000, using: &generator)
            let text = Date(timeIntervalSince1970: Double(seconds)).formatted(style)
            #expect(Self.read(text) == seconds * 1_000_000_000)
            #expect(Self.write(seconds * 1_000_000_000) == "\"\(text)\"")
            let nanoseconds = Int64.random(in: .min...(.max), using: &generator)
            let written = Self.write(nanoseconds)
            #expect(Self.read(String(written.dropFirst().dropLast())) == nanoseconds, "\(written)")
        }
    }

    @Test(
        arguments: [
            (1_700_000_000_250_000_000, .rfc3339, "\"2023-11-14T22:13:20.250Z\""),
            (1_700_000_000_250_000_000, .s, "1700000000.25"),
            (1_700_000_000_250_000_001, .ms, "1700000000250.000001"),
            (1_700_000_000_250_001_000, .us, "1700000000250001"),
            (-1, .s, "-0.000000001"), (-1, .ns, "-1"), (0, .s, "0"),
        ] as [(Int64, TimeFormat, String)])
    func writesTimesInEachFormat(nanoseconds: Int64, format: TimeFormat, text: String) {
        #expect(Self.write(nanoseconds, as: format) == text)
    }
}
