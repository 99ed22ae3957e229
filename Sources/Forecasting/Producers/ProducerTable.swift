// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What an input knows of the producers that number their messages: how far it has come with each, what of that is kept
/// for good, and what they are to be told.
///
/// Without sockets, disk or clock. Messages go by the peer (the connection) that they come from, positions by a count that
/// whoever keeps the messages makes up. A turn is any number of `greet`, `receive` and `ask`, then `endTurn` with the
/// position up to which all of it is noted, `acknowledge` with the position up to which all is kept, and `takeAnswer`.
package struct ProducerTable: ~Copyable {
    /// What producers may do.
    package struct Limits: Sendable, Equatable {
        /// The most producers that are remembered.
        package var producers = 1000
        /// Messages that a producer may send beyond the newest that it was told to have arrived.
        package var window: UInt64 = 10_000
        /// Nanoseconds after which a producer that is silent may give way to a new one.
        package var retention: Int64 = 7 * 86_400 * 1_000_000_000

        /// Makes the default limits.
        package init() {}
    }

    /// What a message is to a table.
    package enum Reception: Sendable, Equatable {
        /// The next one of the producer with this slot: to be applied.
        case next(Int)
        /// The same, but engines that had their part of it before a restart are not to apply it again.
        case resumed(Int)
        /// It has come before.
        case repeated
        /// One before it is missing.
        case early
        /// Its peer has not said who it is.
        case stranger
    }

    let limits: Limits
    var counted = ProducerCounts()
    var producers: StreamTable
    var peers: StreamTable
    /// By the slot of a peer: the slot of its producer.
    var producerOfPeer: [Int]
    /// By the slot of a producer.
    var rows: [ProducerRow]
    /// Producers of which something came in this turn.
    private var touched: [Int] = []
    /// Producers of which something is not kept yet.
    private var waiting: [Int] = []
    /// Those that are to be told something, in a circle that begins at `firstDue`.
    private var due: [Int]
    private var firstDue = 0
    /// How many are to be told something.
    package private(set) var answerCount = 0

    /// The most bytes of a peer's name, which libzmq holds to.
    package static let longestPeer = 255
    /// The greatest number of a message.
    package static let greatestNumber: UInt64 = 1 << 62
    /// Nanoseconds between two requests for the same message.
    static let resendInterval: Int64 = 100_000_000

    /// Knows no producer; `seed` makes the placing of keys unpredictable to senders.
    package init(_ limits: Limits, seed: UInt64) {
        self.limits = limits
        let count = limits.producers
        producers = StreamTable(capacity: count, longest: ProducerNumbers.longestKey, seed: seed)
        peers = StreamTable(capacity: count, longest: Self.longestPeer, seed: seed)
        producerOfPeer = [Int](repeating: 0, count: count)
        rows = [ProducerRow](repeating: ProducerRow(), count: count)
        due = [Int](repeating: 0, count: count)
        touched.reserveCapacity(count)
        waiting.reserveCapacity(count)
    }

    /// The slot of the producer that a peer said to be; nil if it has not said so.
    package func producer(of peer: RawSpan) -> Int? { peers.slot(of: peer).map { producerOfPeer[Int($0)] } }

    /// What was counted so far.
    package var counts: ProducerCounts {
        var counts = counted
        (counts.known, counts.connected) = (producers.count, peers.count)
        return counts
    }

    /// Takes in a message's number.
    package mutating func receive(_ number: UInt64, from peer: RawSpan, at now: Timestamp) -> Reception {
        guard let slot = producer(of: peer) else {
            counted.strangers += 1
            return .stranger
        }
        rows[slot].heard = now
        let received = rows[slot].received
        if number <= received {
            counted.repeated += 1
            tell(slot)
            return .repeated
        }
        // Who is not welcomed yet sent this before it knew how to go on.
        guard number == received + 1, !rows[slot].isGreeted else {
            counted.early += 1
            if rows[slot].wantsResend(at: now) { tell(slot) }
            return .early
        }
        rows[slot].received = number
        rows[slot].certain = number
        if !rows[slot].isTouched {
            rows[slot].isTouched = true
            touched.append(slot)
        }
        if number - rows[slot].toldReceived >= max(1, limits.window / 2) { tell(slot) }
        return number <= rows[slot].doubtful ? .resumed(slot) : .next(slot)
    }

    /// A peer asks how far things are; false if it has not said who it is.
    package mutating func ask(_ peer: RawSpan, at now: Timestamp) -> Bool {
        guard let slot = producer(of: peer) else {
            counted.strangers += 1
            return false
        }
        rows[slot].heard = now
        tell(slot)
        return true
    }

    /// Says that all that has come is noted up to a position.
    package mutating func endTurn(at position: UInt64) {
        for slot in touched {
            rows[slot].isTouched = false
            rows[slot].note(position)
            guard !rows[slot].isWaiting else { continue }
            rows[slot].isWaiting = true
            waiting.append(slot)
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Says that all is kept that was noted up to a position.
    package mutating func acknowledge(through position: UInt64) {
        var index = 0
        while index < waiting.count {
            let slot = waiting[index]
            if rows[slot].acknowledge(through: position) { tell(slot) }
            rows[slot].isWaiting = rows[slot].acknowledged < rows[slot].received
            if rows[slot].isWaiting {
                index += 1
            } else {
                waiting.swapAt(index, waiting.count - 1)
                waiting.removeLast()
            }
        }
    }

    /// Whether something has come since the last `endTurn` that could say its position.
    package var hasNews: Bool { !touched.isEmpty }

    /// Lets a producer be told how far things are.
    mutating func tell(_ slot: Int) {
        guard !rows[slot].isDue else { return }
        rows[slot].isDue = true
        due[(firstDue + answerCount) % due.count] = slot
        answerCount += 1
    }

    /// The slot of the next producer that is to be told something; nil when there is none.
    mutating func takeDue() -> Int? {
        guard answerCount > 0 else { return nil }
        let slot = due[firstDue]
        firstDue = (firstDue + 1) % due.count
        answerCount -= 1
        rows[slot].isDue = false
        return slot
    }
}
