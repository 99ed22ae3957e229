// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A small state machine: its state shows every record that it was given, and in which order.
struct Machine: Equatable {
    static let producerCount = 3

    private(set) var count: UInt64 = 0
    /// The last number of each producer.
    private(set) var last = [UInt64](repeating: 0, count: producerCount)
    private var hash: UInt64 = 14_695_981_039_346_656_037

    /// A producer's message number `number`, with some bytes that follow from it.
    static func message(of producer: Int, _ number: UInt64, length: Int) -> [UInt8] {
        [UInt8(producer)] + (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
            + (0..<length).map { UInt8(truncatingIfNeeded: UInt64($0) &* number) }
    }

    static func number(of message: [UInt8]) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(message[1 + $1]) << UInt64(8 * $1) }
    }

    /// Whether a message is not one that came before.
    func isNew(_ message: [UInt8]) -> Bool { Self.number(of: message) > last[Int(message[0])] }

    /// Takes a message in, and says whether it was the next one of its producer.
    mutating func apply(_ message: [UInt8]) -> Bool {
        let (producer, number) = (Int(message[0]), Self.number(of: message))
        let isNext = number == last[producer] + 1
        (count, last[producer]) = (count + 1, number)
        for byte in message { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return isNext
    }

    /// The state as chunks of a snapshot.
    var chunks: [[UInt8]] {
        [[count, hash], last].map { numbers in
            numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) } }
        }
    }

    /// The state that gave `chunks`; nil if none did.
    init?(chunks: [[UInt8]]) {
        self.init()
        let numbers = chunks.map { chunk in
            stride(from: 0, to: chunk.count, by: 8).map { start in
                (0..<8).reduce(UInt64(0)) { $0 | UInt64(chunk[start + $1]) << UInt64(8 * $1) }
            }
        }
        guard numbers.map(\.count) == [2, Self.producerCount] else { return nil }
        (count, hash, last) = (numbers[0][0], numbers[0][1], numbers[1])
    }

    init() {}
}
