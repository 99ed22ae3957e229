// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a producer says to a loss-free input, in the first frame of a message.
///
/// `Documentation/LossFreeInput.md` has the bytes.
public enum ProducerRequest: Equatable, Sendable {
    /// `H`: who it is follows in the next frame, and this is the first message that it can still send; 0 if it knows none.
    case hello(version: UInt8, first: UInt64)
    /// `M`: the message with this number follows, as topic and payload.
    case message(number: UInt64)
    /// `Q`: how far are things?
    case question

    /// The version of the protocol that is spoken here.
    public static let version: UInt8 = 1

    /// Reads a frame; nil if it is none of these.
    public init?(_ frame: RawSpan) {
        var reader = FieldReader(frame)
        switch reader.next(as: UInt8.self) {
        case UInt8(ascii: "H"):
            guard let version = reader.next(as: UInt8.self), let first = reader.next(as: UInt64.self)
            else { return nil }
            self = .hello(version: version, first: first)
        case UInt8(ascii: "M"):
            guard let number = reader.next(as: UInt64.self) else { return nil }
            self = .message(number: number)
        case UInt8(ascii: "Q"): self = .question
        default: return nil
        }
        guard reader.isAtEnd else { return nil }
    }

    /// The frame.
    public var frame: ShortFrame {
        var frame = ShortFrame()
        switch self {
        case .hello(let version, let first):
            frame.append(UInt8(ascii: "H"))
            frame.append(version)
            frame.append(first)
        case .message(let number):
            frame.append(UInt8(ascii: "M"))
            frame.append(number)
        case .question: frame.append(UInt8(ascii: "Q"))
        }
        return frame
    }
}
