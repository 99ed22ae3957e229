// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Walks over the bytes of a JSON text, checking the grammar of RFC 8259 as it goes.
struct JSONScanner {
    private var scanner: ByteScanner
    private var depth = 0

    /// The most levels of objects and arrays.
    static let maximumDepth = 32

    init(_ bytes: UnsafeRawBufferPointer) { scanner = ByteScanner(bytes) }

    var isAtEnd: Bool { scanner.isAtEnd }

    /// The byte at hand; 0 at the end.
    var byte: UInt8 { scanner.byte }

    @inline(__always)
    mutating func skipBlanks() {
        // Most messages have none: one comparison then.
        while scanner.byte <= UInt8(ascii: " ") {
            switch scanner.byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                scanner.advance()
            default: return
            }
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool { scanner.take(UInt8(ascii: character)) }

    /// Reads an object, calling `body` at the value of each field, which `body` must read.
    @inline(__always)
    mutating func fields(
        _ body: (inout JSONScanner, UnsafeRawBufferPointer) throws(DecodeError) -> Void
    ) throws(DecodeError) {
        guard take("{") else {
            try skipValue()
            throw .wrongType
        }
        try enter()
        skipBlanks()
        if !take("}") {
            repeat {
                skipBlanks()
                let name = try string()
                skipBlanks()
                guard take(":") else { throw .syntax }
                skipBlanks()
                try body(&self, name)
                skipBlanks()
            } while take(",")
            guard take("}") else { throw .syntax }
        }
        depth -= 1
    }

    /// Reads the rest of an array whose bracket was taken, calling `body` at each element.
    mutating func elements(_ body: (inout JSONScanner) throws(DecodeError) -> Void) throws(DecodeError) {
        try enter()
        skipBlanks()
        if !take("]") {
            repeat {
                skipBlanks()
                try body(&self)
                skipBlanks()
            } while take(",")
            guard take("]") else { throw .syntax }
        }
        depth -= 1
    }

    private mutating func enter() throws(DecodeError) {
        depth += 1
        guard depth <= Self.maximumDepth else { throw .depth }
    }

    /// Reads a number; nil for `null`.
    @inline(__always)
    mutating func decimal() throws(DecodeError) -> DecimalNumber? {
        switch scanner.byte {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try DecimalNumber(&scanner)
        case UInt8(ascii: "n"):
            try skipValue()
            return nil
        default:
            try skipValue()
            throw .wrongType
        }
    }

    /// Reads a number as a double; nil for `null`.
    @inline(__always)
    mutating func number() throws(DecodeError) -> Double? { try decimal()?.double() }

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

    /// Steps over a value of any type, checking it.
    mutating func skipValue() throws(DecodeError) {
        switch scanner.byte {
        case UInt8(ascii: "{"): try fields { json, _ throws(DecodeError) in try json.skipValue() }
        case UInt8(ascii: "["):
            scanner.advance()
            try elements { json throws(DecodeError) in try json.skipValue() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try DecimalNumber(&scanner)
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: throw .syntax
        }
    }

    private mutating func literal(_ word: StaticString) throws(DecodeError) {
        guard scanner.take(word: word) else { throw .syntax }
    }
}
