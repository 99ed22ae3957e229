// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What a simulated daemon was told, and what of it a start may find again.
struct DaemonHistory {
    enum Event {
        /// An observation of a stream; and whether it is one of the message before it.
        case observation(Int, Observation, Timestamp, isOfMessage: Bool = false)
        /// A producer's message of that number, behind the one that the engine knew as its newest.
        case message(producer: Int, number: UInt64, previous: UInt64)
        case step(Timestamp)
        case silence(Timestamp)
    }

    /// What becomes of a turn's events.
    enum Mode {
        case journalled
        /// The disk was full, or nothing is journalled: only a snapshot has them.
        case lost
        /// The disk became full or failed: the first few of them are in the journal.
        case unclear
    }

    struct Turn {
        /// The last record before the turn.
        var before: UInt64
        var mode = Mode.journalled
        var events: [Event] = []
        /// The last record of its events.
        var written: UInt64 = 0
        /// The last record when it was over, which a snapshot may lead to.
        var through: UInt64 = 0
    }

    /// What a start may find.
    struct Candidate {
        var events: [Event]
        /// Whether it ends within a turn.
        var isTorn = false
        /// The last message of each producer.
        var numbers = SimulatedProducers.keys.map { _ in UInt64(0) }
        /// Observations in the journal behind each record that a snapshot may lead to.
        var behind: [UInt64: Int] = [0: 0]
    }

    /// What was there at the last start, up to this record.
    private(set) var base = Candidate(events: [])
    private(set) var baseThrough: UInt64 = 0
    var turns: [Turn] = []

    var eventCount: Int { base.events.count + turns.reduce(0) { $0 + $1.events.count } }

    mutating func goOn(from candidate: Candidate, last: UInt64) {
        (base, baseThrough, turns) = (candidate, last, [])
        // A start forecasts what the last turn was told.
        base.events.append(.step(candidate.lastTime))
    }

    /// All that may be found from a snapshot that leads to record `snapshot`, a journal up to record `last`, and so many
    /// observations read from it.
    func candidates(snapshot: UInt64, last: UInt64, observations: Int) -> [Candidate] {
        var all: [Candidate] = []
        if snapshot <= baseThrough { all = behind(base, turns[...], last: last) }
        var start = base
        for (index, turn) in turns.enumerated() {
            start.add(turn.events[...])
            start.behind[turn.through] = 0
            if turn.through == snapshot { all += behind(start, turns[(index + 1)...], last: last) }
        }
        return all.filter { $0.behind[snapshot] == observations }
    }

    /// What the journal makes of a state.
    private func behind(_ start: Candidate, _ turns: ArraySlice<Turn>, last: UInt64) -> [Candidate] {
        var all = [start]
        for turn in turns {
            switch turn.mode {
            case .lost: continue
            case .journalled where turn.written <= last:
                for index in all.indices {
                    all[index].add(turn.events[...])
                    all[index].behind[turn.through] = 0
                }
            default:
                guard turn.before < last else { continue }
                all = all.flatMap { candidate in
                    (0...turn.events.count).map {
                        var torn = candidate
                        torn.add(turn.events[..<$0])
                        torn.isTorn = true
                        return torn
                    }
                }
            }
        }
        return all
    }
}

extension DaemonHistory.Candidate {
    /// Adds events; without messages that do not follow the one before, which was lost and is sent again with them.
    mutating func add(_ more: ArraySlice<DaemonHistory.Event>) {
        var (count, isPassedOver) = (0, false)
        for event in more {
            switch event {
            case .message(let producer, let number, let previous):
                isPassedOver = numbers[producer] != previous
                if isPassedOver { continue }
                numbers[producer] = number
            case .observation(_, _, _, let isOfMessage):
                if isOfMessage && isPassedOver { continue }
                count += 1
            default: break
            }
            events.append(event)
        }
        for record in behind.keys { behind[record]! += count }
    }

    /// The clock's time in the last of the observations.
    var lastTime: Timestamp {
        for case .observation(_, _, let now, _) in events.reversed() { return now }
        return Timestamp(nanoseconds: 0)
    }

    /// Tells an engine all of it.
    func tell(_ engine: inout ForecastEngine, streams: [String]) {
        for event in events {
            switch event {
            case .observation(let stream, let observation, let now, _):
                // Where the step of a turn is missing.
                if engine.isFull { while engine.advance(at: now) {} }
                _ = engine.accept(observation, of: streams[stream].utf8.span.bytes, at: now)
            case .message: break
            case .step(let now):
                while engine.advance(at: now) {}
            case .silence(let now):
                while engine.passTime(to: now) { while engine.advance(at: now) {} }
            }
        }
        while engine.advance(at: lastTime) {}
    }
}
