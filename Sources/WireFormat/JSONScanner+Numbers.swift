// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Numbers and times.
extension JSONScanner {
    /// Reads a number as a double; nil for `null`.
    @inline(__always)
    mutating func number() throws(DecodeError) -> Double? { try decimal()?.double() }

    /// Reads a time: a number in `unit`, or a text as RFC 3339 writes it.
    mutating func time(in unit: TimeUnit) throws(DecodeError) -> Timestamp {
        if scanner.byte == UInt8(ascii: "\"") {
            let text = try string()
            if let time = RFC3339.read(text) { return time }
            guard allowsNumbersAsText, let number = Self.decimal(text) else { throw .timestamp }
            return try unit.timestamp(number)
        }
        guard let number = try decimal() else { throw .timestamp }
        return try unit.timestamp(number)
    }

    /// Reads a number; nil for `null`.
    @inline(__always)
    private mutating func decimal() throws(DecodeError) -> DecimalNumber? {
        switch scanner.byte {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try DecimalNumber(&scanner)
        default: return try decimalInDisguise()
        }
    }

    /// Reads what is no plain number: `null`, or a number as text where that is allowed.
    private mutating func decimalInDisguise() throws(DecodeError) -> DecimalNumber? {
        switch scanner.byte {
        case UInt8(ascii: "n"):
            try skipValue()
            return nil
        case UInt8(ascii: "\"") where allowsNumbersAsText:
            guard let number = Self.decimal(try string()) else { throw .wrongType }
            return number
        case UInt8(ascii: "N"), UInt8(ascii: "I"): return try DecimalNumber(&scanner)  // none: says why
        default: throw try wrongType()
        }
    }

    /// The number that all of `text` is.
    private static func decimal(_ text: UnsafeRawBufferPointer) -> DecimalNumber? {
        var scanner = ByteScanner(text)
        guard let number = try? DecimalNumber(&scanner), scanner.isAtEnd else { return nil }
        return number
    }
}
