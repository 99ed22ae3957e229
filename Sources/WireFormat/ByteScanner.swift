// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Walks over the bytes of a payload.
struct ByteScanner {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The byte at hand; 0, which no format allows, at the end.
    @inline(__always)
    var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

    @inline(__always)
    mutating func advance() { position &+= 1 }

    /// Steps over `expected` if it is at hand.
    @inline(__always)
    mutating func take(_ expected: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == expected else { return false }
        position &+= 1
        return true
    }

    /// Steps over a word if it is at hand.
    mutating func take(word: StaticString) -> Bool {
        guard bytes.count - position >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where bytes[position + index] != word.utf8Start[index] {
            return false
        }
        position += word.utf8CodeUnitCount
        return true
    }

    /// The bytes from `start` to the one at hand.
    func bytes(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// The byte at `index`.
    subscript(index: Int) -> UInt8 { bytes[index] }
}
