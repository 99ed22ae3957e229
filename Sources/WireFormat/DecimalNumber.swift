// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A decimal number as it stands in a text: `-12.5e3`, nothing else (no hex, no infinity, no plus sign, no
/// leading zeros).
///
/// It is kept as digits, so that it can become a `Double` or an exact count of nanoseconds. Its 24 bytes travel
/// in registers: through memory they would cost as much as reading the digits.
struct DecimalNumber {
    /// The first 19 significant digits.
    private(set) var significand: UInt64 = 0
    /// The power of ten that `significand` is multiplied by.
    private(set) var exponent: Int32
    private let length: UInt16
    /// Whether a minus sign stands in front.
    let isNegative: Bool
    /// Whether non-zero digits were left out of `significand`.
    private(set) var isTruncated = false
    private let start: UnsafeRawPointer

    /// The number's bytes.
    var text: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: Int(length)) }

    /// Longer numbers are no numbers of sensors.
    private static let maximumLength = 1024
    /// Every number of so many digits fits in 64 bits.
    private static let maximumDigits = 19

    /// Reads the number at hand.
    ///
    /// - Throws: `syntax` if there is none, or it does not follow the grammar of RFC 8259, section 6; `notFinite` for what
    ///   programs write in the place of a number that is none.
    init(_ scanner: inout ByteScanner) throws(DecodeError) {
        let start = scanner.position
        isNegative = scanner.take(UInt8(ascii: "-"))
        let startsWithZero = scanner.byte == UInt8(ascii: "0")
        let integerLength = Self.takeDigits(&scanner, appendingTo: &significand)
        guard integerLength == 1 || integerLength > 1 && !startsWithZero else {
            throw Self.isNotFinite(scanner) ? .notFinite : .syntax
        }
        var fractionLength = 0
        if scanner.take(UInt8(ascii: ".")) {
            fractionLength = Self.takeDigits(&scanner, appendingTo: &significand)
            guard fractionLength > 0 else { throw .syntax }
        }
        var exponent = -fractionLength
        if scanner.byte | 0x20 == UInt8(ascii: "e") { exponent += try Self.takeExponent(&scanner) }
        let text = scanner.bytes(from: start)
        guard text.count <= Self.maximumLength else { throw .syntax }
        self.start = text.baseAddress!
        length = UInt16(truncatingIfNeeded: text.count)
        self.exponent = Int32(truncatingIfNeeded: exponent)
        if integerLength + fractionLength > Self.maximumDigits { truncate() }
    }

    /// Whether a word for infinity or for what is no number is at hand, which no grammar here has, but Python's `json` and
    /// C's `printf` write.
    private static func isNotFinite(_ scanner: ByteScanner) -> Bool {
        var rest = scanner
        let isWord =
            rest.take(word: "NaN") || rest.take(word: "nan") || rest.take(word: "Infinity")
            || rest.take(word: "inf")
        // "information" is no number either, but none was meant.
        return isWord && !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(rest.byte | 0x20)
    }

    /// Steps over digits, appending them to `number`, which wraps around if they are too many; gives how many.
    @inline(__always)
    private static func takeDigits(_ scanner: inout ByteScanner, appendingTo number: inout UInt64) -> Int {
        let start = scanner.position
        var count: Int
        repeat {
            let word = scanner.word
            count = EightDigits.count(word)
            number = number &* PowersOfTen.integers[count] &+ EightDigits.value(word, count: count)
            scanner.advance(by: count)
        } while count == 8
        return scanner.position - start
    }

    /// Reads the exponent, the `e` of which is at hand.
    private static func takeExponent(_ scanner: inout ByteScanner) throws(DecodeError) -> Int {
        scanner.advance()
        let isDownward = scanner.take(UInt8(ascii: "-"))
        if !isDownward { _ = scanner.take(UInt8(ascii: "+")) }
        let start = scanner.position
        var exponent = 0
        while case let digit = scanner.byte &- UInt8(ascii: "0"), digit < 10 {
            exponent = min(exponent * 10 + Int(digit), 1_000_000)
            scanner.advance()
        }
        guard scanner.position > start else { throw .syntax }
        return isDownward ? -exponent : exponent
    }

    /// Gathers the first 19 significant digits of a text that has more digits.
    private mutating func truncate() {
        significand = 0
        for byte in text {
            if byte | 0x20 == UInt8(ascii: "e") { break }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { continue }  // a sign or a point
            if significand < 1_000_000_000_000_000_000 {
                significand = significand * 10 + UInt64(digit)
            } else {
                isTruncated = isTruncated || digit != 0
                exponent += 1
            }
        }
    }

    /// The number times 10^`scale`, rounded down to an integer; nil if that is no `Int64`.
    func integer(timesTenTo scale: Int) -> Int64? {
        let shift = Int(exponent) + scale
        if significand == 0 { return 0 }
        guard shift <= 19 else { return nil }
        var (magnitude, hasRest) = (significand, isTruncated)
        if shift >= 0 {
            let (product, overflow) = significand.multipliedReportingOverflow(by: PowersOfTen.integers[shift])
            guard !overflow else { return nil }
            magnitude = product
        } else {
            // A significand has at most 19 digits, so that less than 10^-19 of it is nothing but a rest.
            let (quotient, rest) = significand.quotientAndRemainder(
                dividingBy: PowersOfTen.integers[min(-shift, 19)])
            magnitude = quotient
            hasRest = hasRest || rest != 0
        }
        guard let value = Int64(exactly: magnitude) else { return nil }
        return isNegative ? -value - (hasRest ? 1 : 0) : value
    }
}
