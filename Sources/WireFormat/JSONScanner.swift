// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Walks over the bytes of a JSON text, checking the grammar of RFC 8259 as it goes.
struct JSONScanner {
    var scanner: ByteScanner
    private var depth = 0

    /// The most levels of objects and arrays.
    static let maximumDepth = 32

    @inline(__always)
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
