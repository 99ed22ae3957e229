// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import TestSupport
import Testing
import WireFormat

/// Numbers read are those that the C library reads; numbers written read back, and are as short as Swift's.
struct NumberTests {
    static func read(_ text: String) -> Double? {
        guard case .success(let observations) = decode(Array(text.utf8), as: .text(TextDecoder())) else {
            return nil
        }
        return observations.first?.value
    }

    @Test func readsWhatTheCLibraryReads() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<200_000 {
            var text = Bool.random(using: &generator) ? "-" : ""
            text += String(
                UInt64.random(
                    in: 0...(.max >> UInt64.random(in: 0..<60, using: &generator)), using: &generator))
            if Bool.random(using: &generator) {
                text +=
                    "."
                    + String(
                        UInt64.random(
                            in: 0...(.max >> UInt64.random(in: 0..<60, using: &generator)), using: &generator)
                    )
            }
            if Bool.random(using: &generator) { text += "e\(Int.random(in: -330...300, using: &generator))" }
            let expected = strtod(text, nil)
            #expect(Self.read(text)?.bitPattern == (expected.isFinite ? expected.bitPattern : nil), "\(text)")
        }
    }

    @Test(arguments: [
        "9007199254740993", "9007199254740992.99999999999999999999",
        "0." + String(repeating: "0", count: 400) + "1",
        "1" + String(repeating: "0", count: 300), "2.2250738585072011e-308", "4.9406564584124654e-324",
        "1e-400",
        "1.7976931348623157e308", "123456789012345678901234567890", "0.1", "-0",
    ])
    func readsHardCases(text: String) {
        #expect(Self.read(text)?.bitPattern == strtod(text, nil).bitPattern)
    }

    /// Numbers of 16 to 19 digits: what languages print of doubles, and what lies halfway between two doubles.
    @Test func readsLongNumbersAsTheCLibraryDoes() {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<50_000 {
            let bits = UInt64.random(in: 0...(.max), using: &generator)
            let halfway = ((bits | 1 << 63) >> 11) << 1 | 1  // the 53 bits of a double and one more
            let texts = [
                "\(Double(bitPattern: bits))", "\(Double(bits >> 11) / 0x1p48)", "\(bits)",
                "\(halfway << UInt64.random(in: 0...9, using: &generator))",
                "\(bits >> 1)e\(Int.random(in: -345...310, using: &generator))",
            ]
            for text in texts where !text.contains("n") {  // neither nan nor inf
                let expected = strtod(text, nil)
                #expect(
                    Self.read(text)?.bitPattern == (expected.isFinite ? expected.bitPattern : nil), "\(text)")
            }
        }
    }

    /// Digits are read eight at a time: no length and no place in the payload may matter.
    @Test func readsDigitsOfEveryLength() {
        let digits = "9182736450918273645091827364509"
        for integer in 1...28 {
            for fraction in 0...28 {
                for zeros in [0, 1, 7, 8, 9, 20] where fraction > 0 || zeros == 0 {
                    let point = fraction > 0 ? "." : ""
                    let text =
                        digits.prefix(integer) + point + String(repeating: "0", count: zeros)
                        + digits.suffix(fraction)
                    for written in [String(text), "-\(text)", "0\(text.dropFirst(integer))", "\(text)e-7"] {
                        let expected = strtod(written, nil)
                        #expect(Self.read(written)?.bitPattern == expected.bitPattern, "\(written)")
                        #expect(Self.read(written + " ")?.bitPattern == expected.bitPattern, "\(written)")
                        #expect(Self.read(written + "x") == nil, "\(written)x")
                        #expect(Self.read(written + "\u{FF}") == nil, "\(written)\u{FF}")
                    }
                }
            }
        }
    }

    /// A number of nanoseconds written with the point at every place is read back exactly, or rounded down.
    @Test func readsTimesExactly() {
        let decoder = PayloadDecoder.text(TextDecoder(columns: [.ts, .value], timeUnit: .ns))
        func nanoseconds(_ text: String) -> Int64? {
            guard case .success(let observations) = decode(Array("\(text) 1".utf8), as: decoder) else {
                return nil
            }
            return observations.first?.nanoseconds
        }
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<20_000 {
            let shift = UInt64.random(in: 0..<63, using: &generator)
            let time = Int64.random(in: 0...Int64.max >> Int64(shift), using: &generator)
            let digits = String(time)
            for place in 1..<max(digits.count, 2) {
                let text = digits.prefix(place) + (place < digits.count ? "." : "") + digits.dropFirst(place)
                let power = digits.count - place
                #expect(nanoseconds("\(text)e\(power)") == time, "\(text)e\(power)")
                let below = Int64(digits.prefix(place))!
                let hasRest = digits.dropFirst(place).contains { $0 != "0" }
                #expect(nanoseconds("\(text)") == below, "\(text)")
                #expect(nanoseconds("-\(text)") == -below - (hasRest ? 1 : 0), "-\(text)")
            }
        }
        #expect(nanoseconds("9223372036854775807") == .max)
        #expect(nanoseconds("9223372036854775808") == nil)
        #expect(nanoseconds("1e19") == nil)
        #expect(nanoseconds("0.00000000000000000001e20") == 1)
        #expect(nanoseconds("-1e-400") == -1)
    }

    static func write(_ value: Double) -> (y: String, yhat: String) {
        var encoder = ForecastEncoder(
            epoch: 0, rules: [RuleLabels(model: "m", revision: "r")], times: .ns, maximumHorizon: 1)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: value, status: .ok, warmth: 1,
            sequence: 1, age: 0, resolution: .infinity)
        let yhat = [value]
        encoder.encode(head, stream: "a".utf8.span.bytes, yhat: yhat.span)
        let text = encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        func field(_ begin: String, _ end: Character) -> String {
            String(text[text.firstRange(of: begin)!.upperBound...].prefix { $0 != end })
        }
        return (field("\"y\":", ","), field("\"yhat\":[", "]"))
    }

    /// The digits of a number's text, without point, exponent and zeros at the ends.
    static func digitCount(_ text: String) -> Int {
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber)
        return mantissa.drop { $0 == "0" }.reversed().drop { $0 == "0" }.count
    }

    @Test func writesTheShortestThatReadsBack() {
        var generator = SeededGenerator(seed: 5)
        for index in 0..<300_000 {
            let bits = UInt64.random(in: 0...(.max), using: &generator)
            let value =
                index % 3 == 0 ? Double(bitPattern: bits) : Double(Int32(truncatingIfNeeded: bits)) / 10_000
            guard value.isFinite else { continue }
            let (y, yhat) = Self.write(value)
            #expect(strtod(y, nil) == value, "\(value) \(y)")
            #expect(Self.digitCount(y) == Self.digitCount("\(value)"), "\(value) \(y)")
            let rounded = Float(value)
            guard rounded.isFinite else { continue }
            #expect(strtof(yhat, nil) == rounded, "\(rounded) \(yhat)")
            #expect(Self.digitCount(yhat) == Self.digitCount("\(rounded)"), "\(rounded) \(yhat)")
        }
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (100, "100"), (20.1234, "20.1234"), (0.1, "0.1"),
        (0.0001, "0.0001"), (0.00001, "0.00001"), (0.000001, "1e-6"), (1.25e-7, "1.25e-7"),
        (1e16, "10000000000000000"),
        (1e17, "1e17"), (123456789012345680, "1.2345678901234568e17"), (.leastNonzeroMagnitude, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e308"), (9007199254740991, "9007199254740991"),
        (.nan, "null"), (.infinity, "null"),
    ])
    func writesPlainlyWherePeopleReadIt(value: Double, text: String) {
        #expect(Self.write(value).y == text)
    }
}
