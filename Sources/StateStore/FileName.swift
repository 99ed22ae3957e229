// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A name that ends in a number, as 16 hexadecimal digits, so that names sort as numbers do.
struct FileName {
    let text: String

    init(prefix: String, _ number: UInt64) {
        let digits = String(number, radix: 16)
        text = prefix + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The number that a name was made of; nil for any other name.
    static func number(of name: String, prefix: String) -> UInt64? {
        guard name.hasPrefix(prefix), let number = UInt64(name.dropFirst(prefix.count), radix: 16),
            FileName(prefix: prefix, number).text == name
        else { return nil }
        return number
    }
}

extension UInt64 {
    /// Eight characters as they stand in memory.
    init(littleEndianText text: StaticString) {
        precondition(text.utf8CodeUnitCount == 8, "a file's mark has 8 bytes")
        self = (0..<8).reduce(0) { $0 | UInt64(text.utf8Start[$1]) << UInt64(8 * $1) }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores an integer, little endian.
    @inline(__always)
    func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Integer.self)
    }
}

extension UnsafeRawBufferPointer {
    /// Loads an integer, little endian.
    @inline(__always)
    func load<Integer: FixedWidthInteger & BitwiseCopyable>(_: Integer.Type, at offset: Int) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }
}
