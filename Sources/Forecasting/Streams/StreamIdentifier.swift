// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What may be the id of a stream: 1 to 128 bytes of `A-Z a-z 0-9 . _ : / -`.
public enum StreamIdentifier {
    /// The most bytes that an id may have.
    public static let maximumLength = 128

    /// Whether `bytes` are a valid id.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= 1 && bytes.byteCount <= maximumLength else { return false }
        return bytes.withUnsafeBytes { bytes in
            if bytes.count >= 8 {
                for start in stride(from: 0, to: bytes.count, by: 8) {
                    // The last word overlaps the one before.
                    let offset = min(start, bytes.count - 8)
                    let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    if !areAllowed(word) { return false }
                }
                return true
            }
            if bytes.count >= 4 {
                let (first, last) = (
                    bytes.loadUnaligned(as: UInt32.self),
                    bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)
                )
                return areAllowed(UInt64(first) << 32 | UInt64(last))
            }
            // What is missing are zeros, which are allowed; the bytes below may be the same ones.
            let (first, middle, last) = (bytes[0], bytes[bytes.count >> 1], bytes[bytes.count - 1])
            return areAllowed(
                0x3030_3030_3000_0000 | UInt64(first) << 16 | UInt64(middle) << 8 | UInt64(last))
        }
    }

    /// Whether all eight bytes of `word` may stand in an id.
    private static func areAllowed(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Sets the top bit of each byte, below 0x80, that is in the range. Nothing is carried between bytes.
        func isIn(_ range: ClosedRange<UInt8>, _ word: UInt64) -> UInt64 {
            let atLeast = word &+ UInt64(0x80 - range.lowerBound) * ones
            let above = word &+ UInt64(0x7F - range.upperBound) * ones
            return atLeast & ~above
        }
        guard word & (0x80 * ones) == 0 else { return false }
        let letters = isIn(UInt8(ascii: "a")...UInt8(ascii: "z"), word | 0x20 * ones)
        let others = isIn(UInt8(ascii: "-")...UInt8(ascii: ":"), word)  // "-./0123456789:"
        let underscores = isIn(UInt8(ascii: "_")...UInt8(ascii: "_"), word)
        return (letters | others | underscores) & (0x80 * ones) == 0x80 * ones
    }

    /// Whether `byte` may stand in an id.
    @inlinable
    public static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"):  // "-./0123456789:"
            true
        default: false
        }
    }

    /// A number that spreads ids evenly: multiply-and-fold over words of eight bytes (the idea of wyhash).
    ///
    /// The same id and seed give the same number on every machine and in every version.
    public static func hash(of identifier: RawSpan, seed: UInt64) -> UInt64 {
        func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
            let product = left.multipliedFullWidth(by: right)
            return product.high ^ product.low
        }
        return identifier.withUnsafeBytes { bytes in
            var state = seed ^ 0x9E37_79B9_7F4A_7C15
            var offset = 0
            while offset < bytes.count {
                var word: UInt64 = 0
                let width = min(8, bytes.count - offset)
                withUnsafeMutableBytes(of: &word) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + width]))
                }
                state = fold(state ^ UInt64(littleEndian: word), 0xD6E8_FEB8_6659_FD93)
                offset += 8
            }
            return fold(state ^ UInt64(bytes.count), 0xA076_1D64_78BD_642F)
        }
    }
}
