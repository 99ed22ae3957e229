// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Walks over the bytes of a payload, one at a time or in words of eight.
///
/// `position` never passes the end, and no byte outside of the payload is read: the words that would reach
/// behind the end are made of `tail`.
struct ByteScanner {
    private let start: UnsafeRawPointer
    private let count: Int
    /// The last eight bytes, the last one highest; zeros in front of a shorter payload.
    private let tail: UInt64
    private(set) var position = 0

    /// Starts at the first of `bytes`, which must not be empty.
    ///
    /// It is inlined because handing so large a value back through memory takes longer than reading a number.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        start = bytes.baseAddress!
        count = bytes.count
        if count >= 8 {
            tail = Self.word(at: start + (count - 8))
        } else {
            var tail: UInt64 = 0
            for byte in bytes { tail = tail >> 8 | UInt64(byte) << 56 }
            self.tail = tail
        }
    }

    var isAtEnd: Bool { position == count }

    /// Bytes from the one at hand to the end.
    @inline(__always)
    var remaining: Int { count &- position }

    /// The byte at hand; 0, which no format allows, at the end.
    @inline(__always)
    var byte: UInt8 { position < count ? start.load(fromByteOffset: position, as: UInt8.self) : 0 }

    /// The eight bytes at hand, the first one lowest; zeros behind the end.
    @inline(__always)
    var word: UInt64 {
        let missing = position &+ 8 &- count
        if missing <= 0 { return Self.word(at: start + position) }
        return tail >> UInt64(truncatingIfNeeded: 8 &* missing)
    }

    @inline(__always)
    private static func word(at address: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: address.loadUnaligned(as: UInt64.self))
    }

    /// Steps over the byte at hand; there must be one.
    @inline(__always)
    mutating func advance() { position &+= 1 }

    /// Steps over `count` bytes; as many must be left.
    @inline(__always)
    mutating func advance(by count: Int) { position &+= count }

    /// Steps over `expected`, which is not 0, if it is at hand.
    @inline(__always)
    mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position &+= 1
        return true
    }

    /// Steps over a word if it is at hand.
    mutating func take(word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard remaining >= length, memcmp(start + position, word.utf8Start, length) == 0 else {
            return false
        }
        position += length
        return true
    }

    /// The bytes from `first`, a former position, to the one at hand.
    @inline(__always)
    func bytes(from first: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + first, count: position &- first)
    }
}
