// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

/// What a table makes of messages and greetings, and what it tells.
@Suite struct ProducerTableTests {
    /// A table with words for its bytes, and a clock that stands unless it is moved.
    final class Scene {
        var table: ProducerTable
        var now = Timestamp(nanoseconds: 1_000_000_000_000)

        init(producers: Int = 4, window: UInt64 = 10) {
            var limits = ProducerTable.Limits()
            (limits.producers, limits.window, limits.retention) = (producers, window, 60_000_000_000)
            table = ProducerTable(limits, seed: 3)
        }

        func greet(_ peer: String, as key: String, first: UInt64 = 0) -> Bool {
            table.greet(Array(peer.utf8).span.bytes, as: Array(key.utf8).span.bytes, first: first, at: now)
        }

        func receive(_ numbers: ClosedRange<UInt64>, from peer: String) -> [ProducerTable.Reception] {
            numbers.map { table.receive($0, from: Array(peer.utf8).span.bytes, at: now) }
        }

        func ask(_ peer: String) -> Bool { table.ask(Array(peer.utf8).span.bytes, at: now) }

        /// Whether another peer than this one says that it is a producer.
        func hasOtherSession(of key: String, than peer: String) -> Bool {
            table.otherSession(of: Array(key.utf8).span.bytes, than: Array(peer.utf8).span.bytes) != nil
        }

        func remember(_ key: String, certain: UInt64, received: UInt64) {
            table.remember(Array(key.utf8).span.bytes, certain: certain, received: received, at: now)
        }

        /// What is told: kind, acknowledged, received, through.
        func answers() -> [String] {
            var texts: [String] = []
            while let answer = table.takeAnswer() {
                texts.append("\(answer.kind) \(answer.acknowledged) \(answer.received) \(answer.through)")
            }
            return texts
        }
    }

    @Test func messagesInOrderAreTakenAndOnlyWhatIsKeptIsAcknowledged() {
        let scene = Scene()
        #expect(scene.greet("p", as: "a"))
        #expect(scene.answers() == ["welcome 0 0 10"])
        #expect(scene.receive(1...3, from: "p") == [.next(0), .next(0), .next(0)])
        scene.table.endTurn(at: 1)
        scene.table.acknowledge(through: 0)
        #expect(scene.answers() == [])
        #expect(scene.receive(4...4, from: "p") == [.next(0)])
        scene.table.endTurn(at: 2)
        scene.table.acknowledge(through: 1)
        #expect(scene.answers() == ["numbers 3 4 14"])
        scene.table.acknowledge(through: 2)
        #expect(scene.answers() == ["numbers 4 4 14"])
    }

    @Test func aPositionThatHasToWaitAcknowledgesNothing() {
        let scene = Scene()
        _ = scene.greet("p", as: "a")
        _ = (scene.answers(), scene.receive(1...2, from: "p"))
        scene.table.acknowledge(through: 100)
        #expect(scene.answers() == [] && scene.table.hasNews)
        scene.table.endTurn(at: 101)
        scene.table.acknowledge(through: 101)
        #expect(scene.answers() == ["numbers 2 2 12"])
    }

    @Test func whatCameBeforeAndWhatComesEarlyIsNotTaken() {
        let scene = Scene()
        _ = scene.greet("p", as: "a")
        _ = (scene.answers(), scene.receive(1...3, from: "p"))
        #expect(scene.receive(2...3, from: "p") == [.repeated, .repeated])
        #expect(scene.answers() == ["numbers 0 3 13"])
        #expect(scene.receive(5...7, from: "p") == [.early, .early, .early])
        #expect(scene.answers() == ["resend 0 3 13"])
        #expect(scene.receive(8...8, from: "p") == [.early])
        #expect(scene.answers() == [], "it was asked for a moment ago")
        scene.now.nanoseconds += 100_000_000
        #expect(scene.receive(9...9, from: "p") == [.early])
        #expect(scene.answers() == ["resend 0 3 13"])
        #expect(scene.receive(4...5, from: "p") == [.next(0), .next(0)])
        #expect(scene.table.counts.repeated == 2 && scene.table.counts.early == 5)
    }

    @Test func strangersAreTurnedAway() {
        let scene = Scene()
        #expect(scene.receive(1...1, from: "p") == [.stranger])
        #expect(!scene.ask("p"))
        _ = scene.greet("p", as: "a")
        #expect(scene.ask("p"))
        #expect(scene.table.counts.strangers == 2)
    }

    /// A producer that comes back is told where to go on only when all before is kept.
    @Test func aWelcomeWaitsForWhatIsNotKept() {
        let scene = Scene()
        _ = scene.greet("p", as: "a")
        _ = (scene.answers(), scene.receive(1...5, from: "p"))
        scene.table.endTurn(at: 1)
        #expect(scene.greet("q", as: "a", first: 3))
        #expect(scene.answers() == [])
        #expect(scene.receive(6...6, from: "q") == [.early], "it does not know yet how to go on")
        #expect(scene.receive(6...6, from: "p") == [.stranger])
        scene.table.acknowledge(through: 1)
        #expect(scene.answers() == ["welcome 5 5 15"])
        #expect(scene.receive(6...6, from: "q") == [.next(0)])
    }

    @Test(
        arguments: [
            // certain, received, first, then where it goes on and how many are lost
            (0, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 51, 50, 0),
            (40, 40, 0, 40, 0), (40, 40, 31, 40, 0), (40, 40, 41, 40, 0), (40, 40, 51, 50, 10),
            (20, 40, 0, 40, 0), (20, 40, 1, 20, 0), (20, 40, 31, 30, 0), (20, 40, 41, 40, 0),
            (20, 40, 42, 41, 1),
        ] as [(UInt64, UInt64, UInt64, UInt64, UInt64)])
    func afterARestartAProducerGoesOnWhereNothingIsMissing(
        certain: UInt64, received: UInt64, first: UInt64, expected: UInt64, lost: UInt64
    ) {
        let scene = Scene()
        if received > 0 { scene.remember("a", certain: certain, received: received) }
        _ = scene.greet("p", as: "a", first: first)
        #expect(scene.answers() == ["welcome \(expected) \(expected) \(expected + 10)"])
        let isResumed = certain < received && expected < received
        #expect(scene.receive(expected + 1...expected + 1, from: "p") == [isResumed ? .resumed(0) : .next(0)])
        #expect(scene.table.counts.lost == lost)
    }

    @Test func aFullTableLetsOnlyThoseGiveWayThatAreSilentForLong() {
        let scene = Scene(producers: 2)
        #expect(scene.greet("p", as: "a"))
        scene.now.nanoseconds += 1
        #expect(scene.greet("q", as: "b"))
        #expect(!scene.greet("r", as: "c"))
        scene.now.nanoseconds += 60_000_000_000 - 1
        #expect(scene.ask("q"))
        #expect(scene.greet("r", as: "c"))
        #expect(scene.receive(1...1, from: "p") == [.stranger])
        #expect(scene.table.counts.refused == 1 && scene.table.counts.known == 2)
        #expect(!scene.greet("p", as: "a"))
    }

    @Test func halfAWindowIsToldWithoutAcknowledgement() {
        let scene = Scene(window: 4)
        _ = scene.greet("p", as: "a")
        _ = (scene.answers(), scene.receive(1...1, from: "p"))
        #expect(scene.answers() == [])
        _ = scene.receive(2...2, from: "p")
        #expect(scene.answers() == ["numbers 0 2 6"])
    }

    @Test func anAnswerThatHasNoRoomComesAgain() {
        let scene = Scene()
        _ = scene.greet("p", as: "a")
        if let answer = scene.table.takeAnswer() { scene.table.postpone(answer) }
        #expect(scene.answers() == ["welcome 0 0 10"])
    }

    @Test func aPeerThatIsAnotherProducerNowIsNotTheFormerAnyMore() {
        let scene = Scene()
        _ = scene.greet("p", as: "a")
        _ = scene.greet("p", as: "b")
        #expect(scene.table.counts.connected == 1 && scene.table.counts.known == 2)
        #expect(!scene.hasOtherSession(of: "a", than: "q"))
        #expect(scene.hasOtherSession(of: "b", than: "q"))
        #expect(!scene.hasOtherSession(of: "b", than: "p"))
    }
}
