// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

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

    /// The sender's number of a message: 8 or 4 bytes, unsigned, little endian.
    public static func sequence(from frame: RawSpan) throws(DecodeError) -> SequenceNumber {
        switch frame.byteCount {
        case 8: .bits64(UInt64(littleEndian: frame.unsafeLoadUnaligned(as: UInt64.self)))
        case 4: .bits32(UInt32(littleEndian: frame.unsafeLoadUnaligned(as: UInt32.self)))
        default: throw .sequence
        }
    }
}
