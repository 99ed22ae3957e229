// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Walks over the bytes of a JSON text, checking the grammar of RFC 8259 as it goes.
struct JSONScanner {
    var scanner: ByteScanner
    /// Whether `"21.5"` is understood as `21.5`.
    let allowsNumbersAsText: Bool
    private var depth = 0

    /// The most levels of objects and arrays.
    static let maximumDepth = 32

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, allowsNumbersAsText: Bool) {
        scanner = ByteScanner(bytes)
        self.allowsNumbersAsText = allowsNumbersAsText
    }

    var isAtEnd: Bool { scanner.isAtEnd }

    /// Whether an array is at hand.
    var isAtArray: Bool { scanner.byte == UInt8(ascii: "[") }

    /// Whether an object is at hand.
    var isAtObject: Bool { scanner.byte == UInt8(ascii: "{") }

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

    /// Begins an object; gives what `nextField` is to be called with.
    @inline(__always)
    mutating func beginObject() throws(DecodeError) -> Int {
        guard take("{") else { throw try wrongType() }
        try enter()
        return 0
    }

    /// Begins the next field, whose value must be read then; gives its name, or nil at the end of the object.
    ///
    /// `state` is 0 before the first field.
    @inline(__always)
    mutating func nextField(_ state: inout Int) throws(DecodeError) -> UnsafeRawBufferPointer? {
        guard try next(&state, end: "}") else { return nil }
        let name = try string()
        skipBlanks()
        guard take(":") else { throw .syntax }
        skipBlanks()
        return name
    }

    /// Begins an array; gives what `nextElement` is to be called with.
    mutating func beginArray() throws(DecodeError) -> Int {
        guard take("[") else { throw try wrongType() }
        try enter()
        return 0
    }

    /// Begins the next element, which must be read then; false at the end of the array.
    ///
    /// `state` is 0 before the first element.
    mutating func nextElement(_ state: inout Int) throws(DecodeError) -> Bool {
        try next(&state, end: "]")
    }

    /// Steps over the comma before the next field or element, or over `end`: false then.
    @inline(__always)
    private mutating func next(_ state: inout Int, end: Unicode.Scalar) throws(DecodeError) -> Bool {
        skipBlanks()
        if take(end) {
            depth -= 1
            return false
        }
        if state != 0 {
            guard take(",") else { throw .syntax }
            skipBlanks()
        }
        state = 1
        return true
    }

    private mutating func enter() throws(DecodeError) {
        depth += 1
        guard depth <= Self.maximumDepth else { throw .depth }
    }

    /// The error for a value of a type that was not expected, unless the value is broken.
    mutating func wrongType() throws(DecodeError) -> DecodeError {
        try skipValue()
        return .wrongType
    }

    /// Steps over a value of any type, checking it.
    mutating func skipValue() throws(DecodeError) {
        switch scanner.byte {
        case UInt8(ascii: "{"):
            var state = try beginObject()
            while try nextField(&state) != nil { try skipValue() }
        case UInt8(ascii: "["):
            var state = try beginArray()
            while try nextElement(&state) { try skipValue() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"), UInt8(ascii: "I"):
            _ = try DecimalNumber(&scanner)
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
