// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The frames of an incoming message.
public enum MessageFrames {
    /// Divides the one frame `id payload` at its first blank.
    public static func split(
        _ frame: RawSpan
    ) throws(DecodeError) -> (identifier: Range<Int>, payload: Range<Int>) {
        let blank = frame.withUnsafeBytes { $0.firstIndex(of: UInt8(ascii: " ")) }
        guard let blank else { throw .frameCount }
        return (0..<blank, blank + 1..<frame.byteCount)
    }

    /// The sender's number of a message: 8 bytes, unsigned, little endian.
    public static func sequence(from frame: RawSpan) throws(DecodeError) -> UInt64 {
        guard frame.byteCount == 8 else { throw .sequence }
        return UInt64(littleEndian: frame.unsafeLoadUnaligned(as: UInt64.self))
    }
}
