// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// What the rest of the daemon asks an engine about its streams.
package struct StreamQuestion: Sendable {
    /// What is asked.
    package enum Subject: Sendable {
        /// The stream with this id.
        case one([UInt8])
        /// At most `limit` streams that match a pattern, in the order of their slots, beginning with slot `first`.
        case several(first: Int, limit: Int, match: Glob)
        /// Streams that changed after change number `after`, at most `limit`, in the order of their slots from `first`
        /// on; and the ids of the slots from `named` on.
        case changed(after: UInt64, first: Int, named: Int, limit: Int)
        /// The near past of the stream with this id.
        case trace([UInt8])
        /// At most `limit` newest values of each of the streams with these ids.
        case recent([[UInt8]], limit: Int)
        /// What was decided of late for the stream with this id.
        case decisions([UInt8])
        /// Values dropped, or come late, after decision number `after`, of at most `limit` streams that match a pattern.
        case drops(after: UInt64, limit: Int, match: [Glob])
        /// What the senders' numbers of messages with this topic tell, for the thread of the sockets.
        case sequences([UInt8])
        /// The newest messages that could not be read after number `after`, for the thread of the sockets.
        case unreadable(after: UInt64)
    }

    /// Why a question has no answer.
    package enum Failure: Error, Equatable {
        /// Too many others wait.
        case busy
        /// The engine did not answer in time.
        case late
        /// The engine has ended.
        case ended
    }

    /// Tells the question from all others to the same engine.
    let number: UInt64
    /// What is asked.
    let subject: Subject

    /// Makes a question.
    package init(number: UInt64, subject: Subject) {
        self.number = number
        self.subject = subject
    }
}

/// An engine's answer to a question.
package struct StreamAnswer: Sendable {
    /// One stream that was asked for.
    package struct Stream: Sendable, Equatable {
        /// The stream's id.
        package var identifier: String
        /// What the engine knows of it.
        package var summary: StreamSummary
    }

    /// The streams, in the order of their slots.
    package var streams: [Stream]
    /// The slot to go on with; nil after the engine's last.
    package var next: Int?
    /// Plans that were in force before the one that slots and rules are of; nil where it says nothing of them.
    package var generation: Int?
    /// Streams that changed, in the order of their slots.
    package var rows: [StreamRow] = []
    /// The ids of the slots that were looked at and had not been named.
    package var names: [String] = []
    /// The ids of the streams that slots have now which had been named.
    package var renamed: [Int: String] = [:]
    /// The engine's count of changes when the search began.
    package var change: UInt64 = 0
    /// The near past of a stream; nil if it is not known or nothing of it is kept.
    package var trace: StreamTrace?
    /// Newest values, for each id that was asked for.
    package var recent: [[Double]] = []
    /// Whether the stream is forecast, or waits on disk.
    var isKnown = false
    /// What was decided for a stream of late, the newest last.
    package var decisions: [Decision] = []
    /// Streams whose values were dropped, with what was decided for each.
    package var drops: [(stream: String, decision: Decision)] = []
    /// Streams with such that there was no room for.
    package var more = 0
    /// Messages that could not be read.
    var unreadable: [UnreadableMessages.Example] = []
    /// For each input, in the plan's order: what the numbers of the topic's messages tell; nil where none had a number.
    package var sequences: [SequenceCounts?]

    /// Makes an answer.
    package init(streams: [Stream] = [], next: Int? = nil, sequences: [SequenceCounts?] = []) {
        self.streams = streams
        self.next = next
        self.sequences = sequences
    }
}

/// A question on its way through the slots of an engine, slice by slice.
///
/// Memory is allocated for what is found, which costs nothing when nobody asks.
package struct StreamSearch: ~Copyable {
    /// Slots that are looked at in one go, between two turns: a few dozen microseconds.
    package static let sliceLength = 256

    package let question: StreamQuestion
    private var answer = StreamAnswer()
    private var dropStreamCount = 0

    /// Begins to answer.
    package init(_ question: StreamQuestion) {
        self.question = question
        switch question.subject {
        case .several(let first, _, _), .changed(_, let first, _, _): answer.next = first
        case .drops: answer.next = 0
        case .one, .trace, .recent, .decisions, .sequences, .unreadable: break
        }
    }

    /// Looks at the next slots; gives the answer when it is complete.
    package mutating func advance(over engine: borrowing ForecastEngine) -> StreamAnswer? {
        switch question.subject {
        case .one(let identifier):
            if let slot = engine.slot(of: identifier.span.bytes) { add(slot, of: engine, horizons: .max) }
            return answer
        case .several(_, let limit, let match):
            // A slot that somebody made up may lie far beyond the last.
            let start = min(answer.next ?? 0, engine.streamCount)
            for slot in start..<min(start + Self.sliceLength, engine.streamCount) {
                if match.matches(engine.identifier(of: UInt32(slot))) {
                    add(UInt32(slot), of: engine, horizons: 1)
                }
                answer.next = slot + 1
                if answer.streams.count == limit { break }
            }
            return answerIfComplete(engine, isFull: answer.streams.count == limit)
        case .changed(let change, let first, let named, let limit):
            if answer.next == first { answer.change = engine.traceChangeCount }
            let start = min(answer.next ?? 0, engine.streamCount)
            for slot in start..<min(start + Self.sliceLength, engine.streamCount) {
                if slot >= named { answer.names.append(Self.name(UInt32(slot), of: engine)) }
                if let row = engine.traceRow(of: UInt32(slot), changedAfter: change) {
                    answer.rows.append(row)
                    if row.isNew && slot < named {
                        answer.renamed[slot] = Self.name(UInt32(slot), of: engine)
                    }
                }
                answer.next = slot + 1
                if answer.rows.count == limit { break }
            }
            return answerIfComplete(engine, isFull: answer.rows.count == limit)
        case .trace(let identifier):
            if let slot = engine.slot(of: identifier.span.bytes) { answer.trace = engine.trace(of: slot) }
            return answer
        case .recent(let identifiers, let limit):
            answer.recent = identifiers.map { identifier in
                engine.slot(of: identifier.span.bytes).map { engine.recentValues(of: $0, atMost: limit) }
                    ?? []
            }
            return answer
        case .decisions(let identifier):
            answer.isKnown = engine.knows(identifier.span.bytes)
            answer.decisions = engine.decisions(of: identifier.span.bytes)
            return answer
        case .drops(let change, let limit, let match):
            addDrops(after: change, of: engine, limit: limit, match: match)
            return answer.next == nil ? answer : nil
        case .sequences, .unreadable:
            return answer  // the thread of the sockets knows
        }
    }

    private mutating func addDrops(
        after change: UInt64, of engine: borrowing ForecastEngine, limit: Int, match: [Glob]
    ) {
        let start = answer.next ?? 0
        if start == 0 { answer.change = engine.decisionCount }
        let end = min(start + Self.sliceLength, engine.decidedPlaceCount)
        for place in start..<end where engine.hasDrop(in: place, after: change) {
            let identifier = engine.identifier(decidedIn: place)
            guard match.isEmpty || match.contains(where: { $0.matches(identifier) }) else { continue }
            guard dropStreamCount < limit else {
                answer.more += 1
                continue
            }
            dropStreamCount += 1
            let name = identifier.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            let drops = engine.decisions(in: place).filter { $0.isDrop && $0.change > change }
            answer.drops += drops.map { (name, $0) }
        }
        answer.next = end == engine.decidedPlaceCount ? nil : end
    }

    private mutating func answerIfComplete(_ engine: borrowing ForecastEngine, isFull: Bool) -> StreamAnswer?
    {
        let isAtEnd = answer.next ?? 0 >= engine.streamCount
        if isAtEnd { answer.next = nil }
        return isAtEnd || isFull ? answer : nil
    }

    private static func name(_ slot: UInt32, of engine: borrowing ForecastEngine) -> String {
        engine.identifier(of: slot).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func add(_ slot: UInt32, of engine: borrowing ForecastEngine, horizons: Int) {
        guard engine.isForecast(slot) else { return }
        answer.streams.append(
            StreamAnswer.Stream(
                identifier: Self.name(slot, of: engine),
                summary: engine.summary(of: slot, horizons: horizons)))
    }
}
