// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// A producer, a network that breaks and a daemon of several engines that crashes: each message is applied once, in order, by
/// each engine that has a part of it, and none is lost that was acknowledged.
@Suite struct ProducerSimulationTests {
    /// An engine's journal, and what it makes of it.
    struct Engine {
        var journal: [UInt64] = []
        var durable = 0

        /// What is left after a crash: what is durable, and perhaps some of the rest.
        mutating func crash(keeping more: Int) {
            journal.removeLast(max(0, journal.count - durable - more))
            durable = journal.count
        }
    }

    /// A client as Documentation/LossFreeInput.md has it, with nothing but numbers.
    struct Client {
        var count: UInt64 = 0
        var acknowledged: UInt64 = 0
        var (sent, through): (UInt64, UInt64) = (0, 0)
        var isWelcome = false

        /// The numbers of messages that may be sent now.
        mutating func send() -> [UInt64] {
            guard isWelcome, sent < min(count, through) else { return [] }
            defer { sent = min(count, through) }
            return Array(sent + 1...min(count, through))
        }

        mutating func hear(_ answer: ProducerTable.Answer) {
            acknowledged = max(acknowledged, min(answer.acknowledged, count))
            through = answer.through
            if answer.kind != .numbers { sent = answer.received }
            if answer.kind == .welcome { isWelcome = true }
        }
    }

    struct World: ~Copyable {
        static let key = Array("meters/p".utf8)
        var generator: SeededGenerator
        var engines: [Engine]
        var client = Client()
        var table = ProducerTable(ProducerTable.Limits(), seed: 1)
        var now = Timestamp(nanoseconds: 0)
        var connection = 0
        /// On its way, of this connection: messages, and answers.
        var (messages, answers): ([UInt64], [ProducerTable.Answer]) = ([], [])
        /// Lengths of the journals, by position.
        var positions: [[Int]] = [[]]

        init(seed: UInt64, engineCount: Int) {
            generator = SeededGenerator(seed: seed)
            engines = Array(repeating: Engine(), count: engineCount)
            positions = [Array(repeating: 0, count: engineCount)]
        }

        /// Whether an engine has a part of a message.
        func isPart(_ number: UInt64, of engine: Int) -> Bool {
            engines.count == 1 || number % UInt64(engines.count) == UInt64(engine)
                || number &* 0x9E37_79B9_7F4A_7C15 >> UInt64(60 + engine) & 1 == 1
        }

        var peer: [UInt8] { Array("peer \(connection)".utf8) }

        /// The connection is lost with all that is on its way, and another one begins with a hello.
        mutating func reconnect() {
            connection += 1
            (messages, answers, client.isWelcome) = ([], [], false)
            _ = table.greet(
                peer.span.bytes, as: Self.key.span.bytes,
                first: client.acknowledged == 0 ? 1 : client.acknowledged + 1,
                at: now)
        }

        mutating func crash() {
            for index in engines.indices {
                engines[index].crash(keeping: Int.random(in: 0...3, using: &generator))
            }
            table = ProducerTable(ProducerTable.Limits(), seed: 2)
            let newest = engines.map { $0.journal.last ?? 0 }
            let certain = newest.contains(0) ? 0 : newest.min() ?? 0
            if let greatest = newest.max(), greatest > 0 {
                table.remember(Self.key.span.bytes, certain: certain, received: greatest, at: now)
            }
            positions = [engines.map(\.journal.count)]
            reconnect()
        }

        /// The daemon takes in messages, and says what it has to.
        mutating func turn(_ count: Int) {
            for _ in 0..<min(count, messages.count) {
                let number = messages.removeFirst()
                var isResumed = false
                switch table.receive(number, from: peer.span.bytes, at: now) {
                case .next: break
                case .resumed: isResumed = true
                case .repeated, .early, .stranger: continue
                }
                for index in engines.indices where isPart(number, of: index) {
                    if isResumed && number <= engines[index].journal.last ?? 0 { continue }
                    engines[index].journal.append(number)
                }
            }
            positions.append(engines.map(\.journal.count))
            table.endTurn(at: UInt64(positions.count - 1))
            let kept = positions.lastIndex { zip($0, engines).allSatisfy { $0 <= $1.durable } } ?? 0
            table.acknowledge(through: UInt64(kept))
            while let answer = table.takeAnswer() { answers.append(answer) }
        }

        mutating func step(_ choice: Int) {
            now.nanoseconds += 50_000_000
            switch choice {
            case 0: client.count += UInt64.random(in: 1...5, using: &generator)
            case 1: messages += client.send()
            case 2, 3: turn(Int.random(in: 0...4, using: &generator))
            case 4:
                let index = Int.random(in: engines.indices, using: &generator)
                engines[index].durable = engines[index].journal.count
            case 5: if !answers.isEmpty { client.hear(answers.removeFirst()) }
            case 6 where !messages.isEmpty && Bool.random(using: &generator):
                messages.remove(at: Int.random(in: messages.indices, using: &generator))
            case 7 where Int.random(in: 0..<8, using: &generator) == 0: reconnect()
            case 8 where Int.random(in: 0..<12, using: &generator) == 0: crash()
            default: break
            }
        }

        /// What engines have of the messages up to a number.
        func expected(_ number: UInt64, of engine: Int) -> [UInt64] {
            number == 0 ? [] : (1...number).filter { isPart($0, of: engine) }
        }
    }

    @Test(arguments: [1, 3], 1...150)
    func eachMessageIsAppliedOnceInOrder(engineCount: Int, seed: Int) {
        var world = World(seed: UInt64(seed), engineCount: engineCount)
        world.reconnect()
        for _ in 0..<800 {
            world.step(Int.random(in: 0..<9, using: &world.generator))
            for index in world.engines.indices {
                let kept = world.engines[index].journal[..<world.engines[index].durable]
                let acknowledged = world.expected(world.client.acknowledged, of: index)
                #expect(kept.starts(with: acknowledged), "seed \(seed), engine \(index)")
            }
        }
        world.reconnect()
        for _ in 0..<200 + world.client.count {
            for choice in [1, 2, 3, 5, 5] { world.step(choice) }
            for index in world.engines.indices {
                world.engines[index].durable = world.engines[index].journal.count
            }
        }
        #expect(world.client.acknowledged == world.client.count, "seed \(seed)")
        for index in world.engines.indices {
            let expected = world.expected(world.client.count, of: index)
            #expect(world.engines[index].journal == expected, "seed \(seed), engine \(index)")
        }
    }
}
