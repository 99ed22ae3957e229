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
        /// The engine of another plan took over.
        case reload(Int)
        /// One of another plan began with its state.
        case restart(Int)

        /// Whether it changed the plan.
        var isOfPlans: Bool {
            switch self {
            case .reload, .restart: true
            default: false
            }
        }
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
        /// The plan whose engine took over when they had been applied.
        var reload: Int?
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
        /// The plan that is followed.
        var plan = 0
        /// The records that a snapshot may lead to.
        var marks: [UInt64: Mark] = [0: Mark()]
    }

    /// How far things were at a record.
    struct Mark {
        /// Events so far, and the plan that was followed.
        var (events, plan) = (0, 0)
        /// Observations in the journal behind it.
        var behind = 0
    }

    /// What was there at the last start, up to this record.
    private(set) var base = Candidate(events: [])
    private(set) var baseThrough: UInt64 = 0
    var turns: [Turn] = []

    /// What the daemon was told, without changes of plans.
    var eventCount: Int { base.eventCount + turns.reduce(0) { $0 + $1.events.count } }

    mutating func goOn(from candidate: Candidate, last: UInt64) {
        (base, baseThrough, turns) = (candidate, last, [])
        // A start forecasts what the last turn was told.
        base.events.append(.step(candidate.lastTime))
    }

    /// All that may be found under a plan from a snapshot that leads to record `snapshot`, a journal up to record `last`, and
    /// so many observations read from it.
    func candidates(plan: Int, snapshot: UInt64, last: UInt64, observations: Int) -> [Candidate] {
        var all: [Candidate] = []
        if let start = base.restarted(under: plan, at: snapshot) {
            all = behind(start, turns[...], last: last)
        }
        var start = base
        for (index, turn) in turns.enumerated() {
            start.add(turn.events[...])
            if let plan = turn.reload { start.reload(plan) }
            start.mark(turn.through)
            if turn.through == snapshot, let start = start.restarted(under: plan, at: snapshot) {
                all += behind(start, turns[(index + 1)...], last: last)
            }
        }
        return all.filter { $0.marks[snapshot]?.behind == observations }
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
                    // A snapshot that leads to a record before was not taken here.
                    if all[index].marks[turn.through] == nil { all[index].mark(turn.through) }
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
        for record in marks.keys { marks[record]!.behind += count }
    }

    /// Lets the engine of another plan take over.
    mutating func reload(_ plan: Int) {
        events.append(.reload(plan))
        self.plan = plan
    }

    /// Takes note of a record that a snapshot may lead to.
    mutating func mark(_ record: UInt64) { marks[record] = .init(events: events.count, plan: plan) }

    /// What becomes of it when the journal behind a record is applied to the state there under a plan, under which no
    /// reload is applied; nil if there was no such record.
    func restarted(under plan: Int, at record: UInt64) -> Self? {
        guard let mark = marks[record] else { return nil }
        var new = self
        new.events.removeSubrange(mark.events...)
        // A start does not know the numbers that a reload lets streams go on with which begin anew.
        if mark.plan != plan || new.events.contains(where: \.isOfPlans) { new.events.append(.restart(plan)) }
        new.events += events[mark.events...].filter { !$0.isOfPlans }
        new.plan = plan
        new.marks = marks.filter { $0.key <= record }
        return new
    }

    var eventCount: Int { events.count { !$0.isOfPlans } }

    /// The clock's time in the last of the observations.
    var lastTime: Timestamp {
        for case .observation(_, _, let now, _) in events.reversed() { return now }
        return Timestamp(nanoseconds: 0)
    }

    /// Tells an engine all of it.
    func tell(_ engine: inout ForecastEngine, in scene: DaemonScene) {
        for event in events {
            switch event {
            case .observation(let stream, let observation, let now, _):
                // Where the step of a turn is missing.
                if engine.isFull { while engine.advance(at: now) {} }
                _ = engine.accept(observation, of: scene.streams[stream].utf8.span.bytes, at: now)
            case .message: break
            case .reload(let plan): scene.reload(&engine, to: plan)
            case .restart(let plan): scene.restart(&engine, under: plan)
            case .step(let now):
                while engine.advance(at: now) {}
            case .silence(let now):
                while engine.passTime(to: now) { while engine.advance(at: now) {} }
            }
        }
        while engine.advance(at: lastTime) {}
    }
}
