// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import TestSupport

/// Producers that number their messages and send again what was not acknowledged, by connections that break, and what a
/// daemon knows of them.
struct SimulatedProducers: ~Copyable {
    /// Mistakes of a daemon.
    enum Mistake: CaseIterable {
        case acknowledgesBeforeCommit, appliesDuplicates
    }

    private struct Client {
        /// Messages that it has made.
        var count: UInt64 = 0
        var acknowledged: UInt64 = 0
        var (sent, through): (UInt64, UInt64) = (0, 0)
        var isWelcome = false
        var connection = 0
        /// On their way.
        var (messages, answers): ([UInt64], [ProducerTable.Answer]) = ([], [])
    }

    static let keys = ["meters/p0", "meters/p1", "meters/p2"]
    private var clients = [Client](repeating: Client(), count: keys.count)
    private var table = ProducerTable(ProducerTable.Limits(), seed: 1)
    private let mistake: Mistake?

    init(mistake: Mistake?) { self.mistake = mistake }

    /// The last message of each that it was told is kept.
    var acknowledged: [UInt64] { clients.map(\.acknowledged) }

    /// Streams and values of a message.
    static func content(
        of producer: Int, _ number: UInt64, streamCount: Int
    ) -> [(stream: Int, value: Double)] {
        (0...number % 3).map { place in
            (Int((UInt64(producer) * 5 + number + place) % UInt64(streamCount)), Double(number % 17 + place))
        }
    }

    private func peer(_ producer: Int) -> [UInt8] {
        Array("peer \(producer) \(clients[producer].connection)".utf8)
    }

    /// The daemon begins; `newest` is the last message of each that its engine knows.
    mutating func begin(newest: [UInt64], at now: Timestamp) {
        table = ProducerTable(ProducerTable.Limits(), seed: 2)
        for (producer, number) in newest.enumerated() where number > 0 {
            table.remember(Self.keys[producer].utf8.span.bytes, certain: number, received: number, at: now)
        }
        for producer in clients.indices { connect(producer, at: now) }
    }

    /// A connection is lost with all that is on its way, and another one begins with a hello.
    private mutating func connect(_ producer: Int, at now: Timestamp) {
        clients[producer].connection += 1
        (clients[producer].messages, clients[producer].answers) = ([], [])
        clients[producer].isWelcome = false
        let isWelcome = table.greet(
            peer(producer).span.bytes, as: Self.keys[producer].utf8.span.bytes,
            first: clients[producer].acknowledged + 1, at: now)
        precondition(isWelcome, "there is room for the producers")
    }

    /// Lets a producer do something, and the network.
    mutating func act(by generator: inout SeededGenerator, at now: Timestamp) {
        let producer = Int.random(in: clients.indices, using: &generator)
        switch Int.random(in: 0...9, using: &generator) {
        case 0...2: clients[producer].count += UInt64.random(in: 1...5, using: &generator)
        case 3...5: send(producer, isRepeated: Int.random(in: 0...9, using: &generator) == 0)
        case 6...8: hear(producer)
        default: if Int.random(in: 0...5, using: &generator) == 0 { connect(producer, at: now) }
        }
    }

    private mutating func send(_ producer: Int, isRepeated: Bool) {
        let client = clients[producer]
        guard client.isWelcome, client.sent < min(client.count, client.through) else { return }
        let last = min(client.count, client.through)
        clients[producer].messages += Array(client.sent + 1...last) + (isRepeated ? [last] : [])
        clients[producer].sent = last
    }

    private mutating func hear(_ producer: Int) {
        guard !clients[producer].answers.isEmpty else { return }
        let answer = clients[producer].answers.removeFirst()
        clients[producer].acknowledged = max(clients[producer].acknowledged, answer.acknowledged)
        clients[producer].through = answer.through
        if answer.kind != .numbers { clients[producer].sent = answer.received }
        if answer.kind == .welcome { clients[producer].isWelcome = true }
    }

    /// The next message that the daemon is to take in; nil if none has arrived.
    mutating func arrival(
        by generator: inout SeededGenerator, at now: Timestamp
    ) -> (producer: Int, number: UInt64)? {
        let producer = Int.random(in: clients.indices, using: &generator)
        guard !clients[producer].messages.isEmpty else { return nil }
        let number = clients[producer].messages.removeFirst()
        switch table.receive(number, from: peer(producer).span.bytes, at: now) {
        case .next, .resumed: return (producer, number)
        case .repeated: return mistake == .appliesDuplicates ? (producer, number) : nil
        case .early, .stranger: return nil
        }
    }

    /// Whether messages have come that are part of no position.
    var hasNews: Bool { table.hasNews }

    /// A turn ends: what has come is part of a position, and all is kept up to another one.
    mutating func endTurn(at position: UInt64?, keptPosition: UInt64) {
        if let position { table.endTurn(at: position) }
        let isEarly = mistake == .acknowledgesBeforeCommit
        table.acknowledge(through: isEarly ? max(position ?? 0, keptPosition) : keptPosition)
        while let answer = table.takeAnswer() {
            for producer in clients.indices
            where table.producer(of: peer(producer).span.bytes) == answer.slot {
                clients[producer].answers.append(answer)
            }
        }
    }
}
