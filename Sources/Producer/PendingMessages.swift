// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The messages of a producer that are not acknowledged, by their numbers.
struct PendingMessages {
    struct Entry {
        let topic: [UInt8]
        let payload: [UInt8]
    }

    /// Those before `begin` are acknowledged.
    private var entries: [Entry] = []
    private var begin = 0
    /// The number of the first that is not acknowledged, or of the next one; nil as long as the daemon has not said it.
    private(set) var first: UInt64?

    var count: Int { entries.count - begin }
    /// The number of the newest message; 0 where there is none with a number.
    var last: UInt64 { first.map { $0 + UInt64(count) - 1 } ?? 0 }

    mutating func append(topic: [UInt8], payload: [UInt8]) {
        entries.append(Entry(topic: topic, payload: payload))
    }

    /// Lets numbers begin behind the newest message that the daemon has.
    mutating func number(after received: UInt64) { first = received + 1 }

    /// Forgets messages up to a number.
    mutating func acknowledge(through number: UInt64) {
        guard let first, number >= first else { return }
        let done = min(Int(number - first) + 1, count)
        begin += done
        self.first = first + UInt64(done)
        // Moving the rest is worth it when it is less than what goes.
        guard 2 * begin >= entries.count else { return }
        entries.removeFirst(begin)
        begin = 0
    }

    subscript(number: UInt64) -> Entry {
        guard let first else {
            preconditionFailure("messages have numbers once the daemon has said where they begin")
        }
        return entries[begin + Int(number - first)]
    }
}
