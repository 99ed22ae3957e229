// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Walks over the bytes of a MessagePack message, checking its structure as it goes.
///
/// Every value begins with a byte that says its type, and for short ones its length or all of it. The bytes of
/// strings are not checked, which the specification leaves to the reader.
struct MessagePackScanner {
    var scanner: ByteScanner
    private var depth = 0

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) { scanner = ByteScanner(bytes) }

    var isAtEnd: Bool { scanner.isAtEnd }

    /// Whether an array is at hand.
    var isAtArray: Bool { (0x90...0x9F).contains(scanner.byte) || (0xDC...0xDD).contains(scanner.byte) }

    /// Whether an object is at hand.
    var isAtObject: Bool { (0x80...0x8F).contains(scanner.byte) || (0xDE...0xDF).contains(scanner.byte) }

    /// Begins an object; gives what `nextField` is to be called with.
    @inline(__always)
    mutating func beginObject() throws(DecodeError) -> Int {
        try enter()
        let head = scanner.byte
        if head & 0xF0 == 0x80 {
            scanner.advance()
            return Int(head & 0x0F)
        }
        guard isAtObject else { throw try wrongType() }
        return try longLength(long: 0xDE)
    }

    /// Begins the next field, whose value must be read then; gives its name, or nil at the end of the map.
    ///
    /// `state` is the number of fields that are left.
    @inline(__always)
    mutating func nextField(_ state: inout Int) throws(DecodeError) -> UnsafeRawBufferPointer? {
        guard try nextElement(&state) else { return nil }
        return try string()
    }

    /// Begins an array; gives what `nextElement` is to be called with.
    mutating func beginArray() throws(DecodeError) -> Int {
        try enter()
        guard isAtArray else { throw try wrongType() }
        if scanner.byte & 0xF0 == 0x90 { return Int(try takeHead() & 0x0F) }
        return try longLength(long: 0xDC)
    }

    /// Begins the next element, which must be read then; false at the end of the array.
    ///
    /// `state` is the number of elements that are left.
    @inline(__always)
    mutating func nextElement(_ state: inout Int) throws(DecodeError) -> Bool {
        if state == 0 {
            depth &-= 1
            return false
        }
        state &-= 1
        return true
    }

    /// Reads a string.
    @inline(__always)
    mutating func string() throws(DecodeError) -> UnsafeRawBufferPointer {
        let head = scanner.byte
        if head & 0xE0 == 0xA0 {
            scanner.advance()
            return try take(Int(head & 0x1F))
        }
        return try longString()
    }

    private mutating func longString() throws(DecodeError) -> UnsafeRawBufferPointer {
        guard isAtString else { throw try wrongType() }
        return try take(Int(integer(1 << Int(takeHead() - 0xD9))))
    }

    var isAtString: Bool { scanner.byte & 0xE0 == 0xA0 || (0xD9...0xDB).contains(scanner.byte) }

    /// Steps over the byte that a value begins with.
    @inline(__always)
    mutating func takeHead() throws(DecodeError) -> UInt8 {
        guard !scanner.isAtEnd else { throw .syntax }
        defer { scanner.advance() }
        return scanner.byte
    }

    /// Reads an unsigned integer of `size` bytes, 1, 2, 4 or 8, the highest one first.
    @inline(__always)
    mutating func integer(_ size: Int) throws(DecodeError) -> UInt64 {
        guard scanner.remaining >= size else { throw .syntax }
        let value = scanner.word.byteSwapped >> UInt64(truncatingIfNeeded: 64 &- 8 &* size)
        scanner.advance(by: size)
        return value
    }

    /// Reads `count` bytes.
    @inline(__always)
    mutating func take(_ count: Int) throws(DecodeError) -> UnsafeRawBufferPointer {
        guard scanner.remaining >= count else { throw .syntax }
        let start = scanner.position
        scanner.advance(by: count)
        return scanner.bytes(from: start)
    }

    /// How many elements a map or array has, in the 2 or 4 bytes behind the head, which is `long` or one more.
    private mutating func longLength(long: UInt8) throws(DecodeError) -> Int {
        Int(try integer(takeHead() == long ? 2 : 4))
    }

    private mutating func enter() throws(DecodeError) {
        depth += 1
        guard depth <= JSONScanner.maximumDepth else { throw .depth }
    }

    /// The error for a value of a type that was not expected, unless the value is broken.
    mutating func wrongType() throws(DecodeError) -> DecodeError {
        try skipValue()
        return .wrongType
    }

    /// Steps over a value of any type, checking it.
    mutating func skipValue() throws(DecodeError) {
        let head = try takeHead()
        switch head {
        case 0x00...0x7F, 0xC0, 0xC2, 0xC3, 0xE0...0xFF: break  // the head is all of it
        case 0x80...0x8F: try skipValues(2 * Int(head & 0x0F))
        case 0xDE, 0xDF: try skipValues(2 * Int(integer(head == 0xDE ? 2 : 4)))
        case 0x90...0x9F: try skipValues(Int(head & 0x0F))
        case 0xDC, 0xDD: try skipValues(Int(integer(head == 0xDC ? 2 : 4)))
        case 0xA0...0xBF: _ = try take(Int(head & 0x1F))
        case 0xC4...0xC6: _ = try take(Int(integer(1 << Int(head - 0xC4))))  // bytes
        case 0xD9...0xDB: _ = try take(Int(integer(1 << Int(head - 0xD9))))  // a string
        case 0xC7...0xC9: _ = try take(Int(integer(1 << Int(head - 0xC7))) + 1)  // an extension with its type
        case 0xD4...0xD8: _ = try take((1 << Int(head - 0xD4)) + 1)  // likewise, of fixed length
        case 0xCA...0xD3: _ = try take(Self.numberSize(head))
        default: throw .syntax  // 0xC1, which is never used
        }
    }

    private mutating func skipValues(_ count: Int) throws(DecodeError) {
        try enter()
        for _ in 0..<count { try skipValue() }
        depth -= 1
    }
}
