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
}
