// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Values as MessagePack writes them, each in its shortest form.
extension ByteBuffer {
    /// Begins a map with `count` fields.
    mutating func appendMap(count: Int) { appendHead(0x80, 0xDE, count: count) }

    /// Begins an array with `count` elements.
    mutating func appendArray(count: Int) { appendHead(0x90, 0xDC, count: count) }

    private mutating func appendHead(_ short: UInt8, _ long: UInt8, count: Int) {
        if count < 16 { return append(short | UInt8(count)) }
        append(long)
        append(bigEndian: UInt16(count))  // a horizon has at most 10 000 values
    }

    /// Appends a string of at most 31 bytes, as names of fields are.
    @inline(__always)
    mutating func appendString(_ text: StaticString) {
        append(0xA0 | UInt8(text.utf8CodeUnitCount))
        append(text)
    }

    /// Begins a string of at most 31 bytes whose length is not known yet; gives what `endShortString` wants.
    mutating func beginShortString() -> Int {
        append(UInt8(0xA0))
        return count - 1
    }

    /// Appends a boolean.
    mutating func appendBoolean(_ value: Bool) { append(value ? UInt8(0xC3) : 0xC2) }

    /// Appends a string.
    mutating func appendString(_ text: RawSpan) {
        appendStringHead(length: text.byteCount)
        append(text)
    }

    /// Begins a string of `length` bytes.
    mutating func appendStringHead(length: Int) {
        switch length {
        case 0...31: append(0xA0 | UInt8(length))
        case 32...0xFF:
            append(UInt8(0xD9))
            append(UInt8(length))
        case 0x100...0xFFFF:
            append(UInt8(0xDA))
            append(bigEndian: UInt16(length))
        default:
            append(UInt8(0xDB))
            append(bigEndian: UInt32(length))
        }
    }

    /// Appends an integer.
    mutating func appendInteger(_ value: UInt64) {
        switch value {
        case 0...0x7F: append(UInt8(value))
        case 0x80...0xFF:
            append(UInt8(0xCC))
            append(UInt8(value))
        case 0x100...0xFFFF:
            append(UInt8(0xCD))
            append(bigEndian: UInt16(value))
        case 0x1_0000...0xFFFF_FFFF:
            append(UInt8(0xCE))
            append(bigEndian: UInt32(value))
        default:
            append(UInt8(0xCF))
            append(bigEndian: value)
        }
    }

    /// Appends an integer; a negative one always takes 9 bytes, as times before 1970 are rare.
    mutating func appendInteger(_ value: Int64) {
        if value >= 0 { return appendInteger(UInt64(value)) }
        append(UInt8(0xD3))
        append(bigEndian: UInt64(bitPattern: value))
    }

    /// Appends a double, or nil where it is not finite.
    @inline(__always)
    mutating func appendDouble(_ value: Double) {
        guard value.isFinite else { return append(UInt8(0xC0)) }
        append(UInt8(0xCB))
        append(bigEndian: value.bitPattern)
    }

    /// Appends a float, or nil where it is not finite.
    @inline(__always)
    mutating func appendFloat(_ value: Float) {
        guard value.isFinite else { return append(UInt8(0xC0)) }
        append(UInt8(0xCA))
        append(bigEndian: value.bitPattern)
    }
}
