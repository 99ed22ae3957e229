// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a loss-free input says to a producer, in the first frame of a message.
///
/// `Documentation/LossFreeInput.md` has the bytes.
public enum ProducerAnswer: Equatable, Sendable {
    /// How far things are.
    public struct Numbers: Equatable, Sendable {
        /// All messages up to this number are kept.
        public var acknowledged: UInt64
        /// All messages up to this number have arrived.
        public var received: UInt64
        /// The producer may send messages up to this number.
        public var through: UInt64

        /// Makes numbers.
        public init(acknowledged: UInt64, received: UInt64, through: UInt64) {
            (self.acknowledged, self.received, self.through) = (acknowledged, received, through)
        }
    }

    /// Why a producer is refused; a text for people follows in the next frame.
    public enum Refusal: UInt8, Sendable, CaseIterable {
        /// The peer has to say hello before anything else.
        case stranger = 1
        /// Another version of the protocol is spoken here.
        case version
        /// The producer's id, or its first number, is none.
        case hello
        /// Another peer has said that it is this producer.
        case replaced
        /// There are too many producers; later there may be room.
        case crowded

        /// What it means, for people.
        public var text: StaticString {
            switch self {
            case .stranger: "expected a hello first: the daemon was started anew, or the connection was"
            case .version: "expected version 1 of the protocol"
            case .hello:
                "expected an id of 1 to 64 bytes of A-Z a-z 0-9 . _ : / - and a first number of at most 2^62"
            case .replaced: "another client says that it is this producer: give each an id of its own"
            case .crowded: "the input remembers as many producers as it may: raise producers"
            }
        }

        /// Whether the producer may go on after a new hello.
        public var isPassing: Bool { self == .stranger || self == .crowded }
    }

    /// `W`: go on with the message behind `received`, ask so often (0 never), and give the daemon up after so long a silence;
    /// both in milliseconds.
    case welcome(Numbers, interval: UInt32, timeout: UInt32)
    /// `A`: so far things are.
    case numbers(Numbers)
    /// `R`: send again what comes behind `received`.
    case resend(Numbers)
    /// `X`: refused.
    case refused(Refusal)

    /// Reads a frame; nil if it is none of these.
    public init?(_ frame: RawSpan) {
        var reader = FieldReader(frame)
        let kind = reader.next(as: UInt8.self)
        if kind == UInt8(ascii: "X") {
            guard let code = reader.next(as: UInt8.self), let refusal = Refusal(rawValue: code),
                reader.isAtEnd
            else { return nil }
            self = .refused(refusal)
            return
        }
        guard let acknowledged = reader.next(as: UInt64.self), let received = reader.next(as: UInt64.self),
            let through = reader.next(as: UInt64.self)
        else { return nil }
        let numbers = Numbers(acknowledged: acknowledged, received: received, through: through)
        switch kind {
        case UInt8(ascii: "W"):
            guard let interval = reader.next(as: UInt32.self), let timeout = reader.next(as: UInt32.self)
            else { return nil }
            self = .welcome(numbers, interval: interval, timeout: timeout)
        case UInt8(ascii: "A"): self = .numbers(numbers)
        case UInt8(ascii: "R"): self = .resend(numbers)
        default: return nil
        }
        guard reader.isAtEnd else { return nil }
    }

    /// The frame.
    public var frame: ShortFrame {
        var frame = ShortFrame()
        switch self {
        case .welcome(let numbers, let interval, let timeout):
            Self.append(UInt8(ascii: "W"), numbers, to: &frame)
            frame.append(interval)
            frame.append(timeout)
        case .numbers(let numbers): Self.append(UInt8(ascii: "A"), numbers, to: &frame)
        case .resend(let numbers): Self.append(UInt8(ascii: "R"), numbers, to: &frame)
        case .refused(let refusal):
            frame.append(UInt8(ascii: "X"))
            frame.append(refusal.rawValue)
        }
        return frame
    }

    private static func append(_ kind: UInt8, _ numbers: Numbers, to frame: inout ShortFrame) {
        frame.append(kind)
        frame.append(numbers.acknowledged)
        frame.append(numbers.received)
        frame.append(numbers.through)
    }
}
