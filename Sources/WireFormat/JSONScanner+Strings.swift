// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Strings: escapes and UTF-8 are checked, and left as they are written.
extension JSONScanner {
    /// Reads a string; gives the bytes between its quotes as they are written, checked.
    @inline(__always)
    mutating func string() throws(DecodeError) -> UnsafeRawBufferPointer {
        guard take("\"") else { throw .syntax }
        let start = scanner.position
        while true {
            let count = Self.plainCount(scanner.word)
            scanner.advance(by: count)
            if count == 8 { continue }
            switch scanner.byte {
            case UInt8(ascii: "\""):
                defer { scanner.advance() }
                return scanner.bytes(from: start)
            case UInt8(ascii: "\\"): try escape()
            case 0x80...: try multibyteCharacter()
            default: throw .syntax  // a control character, or the end
            }
        }
    }

    /// How many bytes of `word`, counted from the lowest, stand for themselves in a string: ASCII, but no
    /// control character, quote or backslash.
    @inline(__always)
    private static func plainCount(_ word: UInt64) -> Int {
        // Each term has the top bit of a byte set where the byte is below 0x20, a quote, a backslash, above
        // 0x7F. What is borrowed from the next byte is borrowed by such a byte, behind which nothing counts.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let control = word &- 0x20 * ones
        let quote = (word ^ 0x22 * ones) &- ones
        let backslash = (word ^ 0x5C * ones) &- ones
        return ((control | quote | backslash | word) & (0x80 * ones)).trailingZeroBitCount / 8
    }

    private mutating func escape() throws(DecodeError) {
        scanner.advance()
        switch scanner.byte {
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if unit & 0xFC00 == 0xD800 {
                guard scanner.take(UInt8(ascii: "\\")) else { throw .encoding }
                guard scanner.byte == UInt8(ascii: "u") else { throw .encoding }
                guard try codeUnit() & 0xFC00 == 0xDC00 else { throw .encoding }
            } else if unit & 0xFC00 == 0xDC00 {
                throw .encoding
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            scanner.advance()
        default: throw .syntax
        }
    }

    /// The four hexadecimal digits behind the `u` at hand.
    private mutating func codeUnit() throws(DecodeError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            scanner.advance()
            let byte = scanner.byte
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw .syntax
            }
            unit = unit << 4 | UInt16(digit)
        }
        scanner.advance()
        return unit
    }

    /// Steps over one character of two to four bytes, as the table of well-formed sequences in the Unicode
    /// standard (3-7) has them: no overlong forms, no surrogates, nothing above U+10FFFF.
    private mutating func multibyteCharacter() throws(DecodeError) {
        let lead = scanner.byte
        scanner.advance()
        let (second, more): (ClosedRange<UInt8>, Int) =
            switch lead {
            case 0xC2...0xDF: (0x80...0xBF, 0)
            case 0xE0: (0xA0...0xBF, 1)
            case 0xED: (0x80...0x9F, 1)
            case 0xE1...0xEF: (0x80...0xBF, 1)
            case 0xF0: (0x90...0xBF, 2)
            case 0xF1...0xF3: (0x80...0xBF, 2)
            case 0xF4: (0x80...0x8F, 2)
            default: throw .encoding
            }
        guard second.contains(scanner.byte) else { throw .encoding }
        scanner.advance()
        for _ in 0..<more {
            guard (0x80...0xBF).contains(scanner.byte) else { throw .encoding }
            scanner.advance()
        }
    }
}
