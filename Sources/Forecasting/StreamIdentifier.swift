// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What may be the id of a stream: 1 to 128 bytes of `A-Z a-z 0-9 . _ : / -`.
public enum StreamIdentifier {
    /// The most bytes that an id may have.
    public static let maximumLength = 128

    /// Whether `bytes` are a valid id.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= 1 && bytes.byteCount <= maximumLength else { return false }
        return bytes.withUnsafeBytes { $0.allSatisfy(isAllowed) }
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
