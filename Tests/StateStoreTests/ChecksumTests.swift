// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import TestSupport
import Testing

/// All variants of the checksum give what its definition says.
struct ChecksumTests {
    /// RFC 3720, appendix B.4, and the check value that catalogues of CRCs give.
    static let known: [([UInt8], UInt32)] = [
        (Array("123456789".utf8), 0xE306_9283), ([], 0), (Array(repeating: 0, count: 32), 0x8A91_36AA),
        (Array(repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
    ]

    /// Bit by bit.
    static func slow(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
    }

    static func sum(_ bytes: ArraySlice<UInt8>, _ checksum: Checksum, after start: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, after: start) }
    }

    @Test func hasAtLeastTheVariantForAnyProcessor() { #expect(!Checksum.available.isEmpty) }

    @Test(arguments: Checksum.available.indices) func givesKnownSums(variant: Int) {
        for (bytes, expected) in Self.known {
            #expect(Self.sum(bytes[...], Checksum.available[variant]) == expected)
            #expect(Self.slow(bytes[...]) == expected)
        }
    }

    /// Of any length, from any address, in one piece or in two.
    @Test(arguments: Checksum.available.indices) func isTheSameAsBitByBit(variant: Int) {
        var generator = SeededGenerator(seed: 3)
        let bytes = (0..<2000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let checksum = Checksum.available[variant]
        for _ in 0..<500 {
            let start = Int.random(in: 0..<1000, using: &generator)
            let part = bytes[start..<Int.random(in: start...start + 999, using: &generator)]
            let middle = Int.random(in: part.startIndex...part.endIndex, using: &generator)
            #expect(Self.sum(part, checksum) == Self.slow(part))
            let first = Self.sum(part[..<middle], checksum)
            #expect(Self.sum(part[middle...], checksum, after: first) == Self.slow(part))
        }
    }
}
