// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A decimal number as it stands in a text: `-12.5e3`, nothing else (no hex, no infinity, no plus sign, no
/// leading zeros).
///
/// It is kept as digits, so that it can become a `Double` or an exact count of nanoseconds.
struct DecimalNumber {
    /// Whether a minus sign stands in front.
    let isNegative: Bool
    /// The first 19 significant digits.
    let significand: UInt64
    /// The power of ten that `significand` is multiplied by.
    let exponent: Int
    /// Whether non-zero digits were left out of `significand`.
    let isTruncated: Bool
    /// The number's bytes.
    let text: UnsafeRawBufferPointer

    /// Longer numbers are no numbers of sensors.
    private static let maximumLength = 1024

    /// Reads the number at hand.
    ///
    /// - Throws: `syntax` if there is none, or it does not follow the grammar of RFC 8259, section 6.
    init(_ scanner: inout ByteScanner) throws(DecodeError) {
        let start = scanner.position
        isNegative = scanner.take(UInt8(ascii: "-"))
        var digits = Digits()
        let integerStart = scanner.position
        digits.take(&scanner, isFraction: false)
        let integerLength = scanner.position - integerStart
        guard integerLength > 0 else { throw .syntax }
        guard integerLength == 1 || scanner[integerStart] != UInt8(ascii: "0") else { throw .syntax }
        if scanner.take(UInt8(ascii: ".")) {
            let fractionStart = scanner.position
            digits.take(&scanner, isFraction: true)
            guard scanner.position > fractionStart else { throw .syntax }
        }
        var exponent = digits.exponent
        if scanner.take(UInt8(ascii: "e")) || scanner.take(UInt8(ascii: "E")) {
            let isDownward = scanner.take(UInt8(ascii: "-"))
            if !isDownward { _ = scanner.take(UInt8(ascii: "+")) }
            let exponentStart = scanner.position
            var written = 0
            while let digit = Digits.value(scanner.byte) {
                written = min(written * 10 + Int(digit), 1_000_000)
                scanner.advance()
            }
            guard scanner.position > exponentStart else { throw .syntax }
            exponent += isDownward ? -written : written
        }
        guard scanner.position - start <= Self.maximumLength else { throw .syntax }
        self.exponent = exponent
        significand = digits.significand
        isTruncated = digits.isTruncated
        text = scanner.bytes(from: start)
    }

    /// The nearest double, ties to even.
    ///
    /// - Throws: `notFinite` if it is too large.
    func double() throws(DecodeError) -> Double {
        // Both factors are exact, so that the one operation rounds correctly (Clinger 1990).
        if !isTruncated && significand < 1 << 53 && abs(exponent) <= 22 {
            let magnitude = Double(significand)
            let value =
                exponent < 0
                ? magnitude / Self.powersOfTen[-exponent] : magnitude * Self.powersOfTen[exponent]
            return isNegative ? -value : value
        }
        let value = withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer in
            for index in 0..<text.count { buffer[index] = CChar(bitPattern: text[index]) }
            buffer[text.count] = 0
            return strtod(buffer.baseAddress!, nil)
        }
        guard value.isFinite else { throw .notFinite }
        return value
    }

    /// The number times 10^`scale`, rounded down to an integer; nil if that is no `Int64`.
    func integer(timesTenTo scale: Int) -> Int64? {
        var magnitude = significand
        var shift = exponent + scale
        if significand == 0 { return 0 }
        guard shift <= 19 else { return nil }
        var hasRest = isTruncated
        while shift > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
            shift -= 1
        }
        while shift < 0 && magnitude > 0 {
            hasRest = hasRest || magnitude % 10 != 0
            magnitude /= 10
            shift += 1
        }
        guard let value = Int64(exactly: magnitude) else { return nil }
        return isNegative ? -value - (hasRest ? 1 : 0) : value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18,
        1e19, 1e20, 1e21, 1e22,
    ]
}

/// Gathers significant digits.
private struct Digits {
    var significand: UInt64 = 0
    var exponent = 0
    var isTruncated = false
    private var count = 0

    @inline(__always)
    mutating func take(_ scanner: inout ByteScanner, isFraction: Bool) {
        while let digit = Self.value(scanner.byte) {
            scanner.advance()
            if count < 19 {
                significand = significand &* 10 &+ UInt64(digit)
                if significand != 0 { count += 1 }
                if isFraction { exponent -= 1 }
            } else {
                if digit != 0 { isTruncated = true }
                if !isFraction { exponent += 1 }
            }
        }
    }

    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? digit : nil
    }
}
