// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A frame of at most 40 bytes, in place: numbers one behind the other, little endian.
public struct ShortFrame {
    private var storage = InlineArray<40, UInt8>(repeating: 0)
    private var count = 0

    /// No bytes.
    init() {}

    mutating func append<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) {
        for index in 0..<MemoryLayout<Number>.size {
            storage[count] = UInt8(truncatingIfNeeded: number >> (8 * Number(index)))
            count += 1
        }
    }

    /// The bytes.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { storage.span.bytes.extracting(first: count) }
    }
}

/// Numbers of a frame, one behind the other, little endian.
struct FieldReader: ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy frame)
    init(_ frame: RawSpan) { rest = frame }

    /// Whether nothing is left.
    var isAtEnd: Bool { rest.byteCount == 0 }

    /// The next number; nil if too few bytes are left.
    mutating func next<Number: FixedWidthInteger & BitwiseCopyable>(as type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard rest.byteCount >= size else { return nil }
        let number = rest.withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
        rest = rest.extracting(droppingFirst: size)
        return Number(littleEndian: number)
    }
}
