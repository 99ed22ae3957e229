// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc

@testable import WireFormat

/// Numbers and times, beside slow readers of the same.
enum Numbers {
    /// A number of RFC 8259 is the double that the C library reads, and in any unit the time that its digits say.
    static func decimal(_ input: UnsafeRawBufferPointer) {
        guard !input.isEmpty, !input.contains(0) else { return }
        let text = input.text
        let isNumber = input.count <= 1024 && input.text.wholeMatch(of: grammar) != nil
        let outcome = Payloads.decode(input, as: .text(TextDecoder()))
        if isNumber {
            let expected = strtod(text, nil)
            switch outcome {
            case .success(let readings):
                expect(
                    readings.map(\.value.bitPattern) == [expected.bitPattern],
                    "\(text): \(readings), not \(expected)")
            case .failure(let error):
                expect(error == .notFinite && expected.isInfinite, "\(text): \(error), not \(expected)")
            }
        }
        var scanner = ByteScanner(input)
        let number = try? DecimalNumber(&scanner)
        guard let number, scanner.isAtEnd else { return expect(!isNumber, "\(text) is refused") }
        expect(isNumber, "\(text) is taken")
        for power in [0, 3, 6, 9] {
            let found = number.integer(timesTenTo: power)
            let expected = floor(of: text, timesTenTo: power)
            // The most negative one is left out, as no time that means anything.
            expect(found == expected || expected == .min, "\(text)e\(power): \(String(describing: found))")
        }
    }

    nonisolated(unsafe) private static let grammar = #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/#
        .asciiOnlyDigits()

    /// A number of the grammar times a power of ten, rounded down, by moving the point; nil where that is no `Int64`.
    private static func floor(of text: String, timesTenTo power: Int) -> Int64? {
        let parts = text.drop { $0 == "-" }.split { $0 == "e" || $0 == "E" }
        let mantissa = parts[0].split(separator: ".")
        var digits = Substring(mantissa.joined())
        let exponent =
            parts.count == 2 ? Int(parts[1]) ?? (parts[1].hasPrefix("-") ? -1_000_000 : 1_000_000) : 0
        var shift =
            max(-1_000_000, min(exponent, 1_000_000)) + power - (mantissa.count == 2 ? mantissa[1].count : 0)
        digits = digits.drop { $0 == "0" }
        guard !digits.isEmpty else { return 0 }
        var hasRest = false
        while shift < 0, let last = digits.popLast() {
            hasRest = hasRest || last != "0"
            shift += 1
        }
        if digits.isEmpty { return text.hasPrefix("-") && hasRest ? -1 : 0 }
        guard digits.count + shift <= 19, let magnitude = Int64(digits + String(repeating: "0", count: shift))
        else {
            return text == "-9223372036854775808" ? .min : nil
        }
        return text.hasPrefix("-") ? -magnitude - (hasRest ? 1 : 0) : magnitude
    }

    /// A time of RFC 3339 is the one that the C library's calendar says, and is written as it is read.
    static func rfc3339(_ input: UnsafeRawBufferPointer) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let found = Timestamp(rfc3339: text)
        expect(found?.nanoseconds == reference(text), "\(text): \(String(describing: found?.nanoseconds))")
        if let found {
            expect(Timestamp(rfc3339: found.rfc3339) == found, "\(text) is written \(found.rfc3339)")
        }
    }

    nonisolated(unsafe) private static let time =
        #/(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([-+])(\d\d):(\d\d))/#
        .asciiOnlyDigits()

    private static func reference(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: time)?.output else { return nil }
        func number(_ digits: Substring?) -> Int32 { digits.flatMap { Int32($0) } ?? 0 }
        var fields = tm()
        (fields.tm_year, fields.tm_mon, fields.tm_mday) = (
            number(match.1) - 1900, number(match.2) - 1, number(match.3)
        )
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = (number(match.4), number(match.5), number(match.6))
        let isInRange =
            (1...12).contains(number(match.2)) && fields.tm_hour < 24 && fields.tm_min < 60
            && fields.tm_sec <= 60
            && number(match.9) < 24 && number(match.10) < 60
        guard isInRange else { return nil }
        let (month, day) = (fields.tm_mon, fields.tm_mday)
        // The calendar moves days that a month lacks to the next one.
        fields.tm_sec = 0
        let minute = timegm(&fields)
        guard (fields.tm_mon, fields.tm_mday) == (month, day) else { return nil }
        let offset = Int(number(match.9) * 3600 + number(match.10) * 60) * (match.8 == "-" ? -1 : 1)
        let fraction = Int(((match.7 ?? "") + "000000000").prefix(9)) ?? 0
        let nanoseconds = Int128(minute + Int(number(match.6)) - offset) * 1_000_000_000 + Int128(fraction)
        return Int64(exactly: nanoseconds)
    }
}
