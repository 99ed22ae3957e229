// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore

/// Tells all who listen, once a second, what changed about the streams and what the daemon says of itself.
///
/// The pipelines are asked once, however many listen, and not at all while nobody does. What was told is kept, so that
/// whoever comes, or comes back, is told what he lacks.
package actor EventFeed {
    /// A rule, as listeners are told of it.
    package struct Rule: Encodable, Sendable {
        package var number: Int
        package var match, model: String
        package var levels: [Double]

        /// Makes a rule.
        package init(number: Int, match: String, model: String, levels: [Double]) {
            (self.number, self.match, self.model, self.levels) = (number, match, model, levels)
        }
    }

    /// One who listens: events as they are to be sent, until he is given up or the daemon ends.
    struct Listener: Sendable {
        let number: Int
        let events: AsyncStream<ByteBuffer>
    }

    private struct Known {
        var row: StreamChanges.Row
        /// The batch that it was last told in.
        var batch: UInt64
        /// The batch that the stream was first told in.
        var firstBatch: UInt64
    }

    /// Events that may wait for a listener before he is given up.
    private static let waitingLimit = 4

    private let source: any MonitoringSource
    private let limit: Int
    private let interval: Duration
    private var listeners: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
    private var listenerCount = 0
    private var droppedCount: UInt64 = 0
    private var isEnded = false
    private var marks: [StreamChanges.Mark]?
    private var names: [[String]] = []
    /// By the streams' numbers: slot × engines + engine.
    private var known: [Known?] = []
    private var batch: UInt64 = 0
    /// What the source calls the life that all this is of.
    private var life: String?
    private var lastLook: ContinuousClock.Instant?
    private var isLooking = false

    /// Makes a feed for at most `limit` listeners.
    init(_ source: any MonitoringSource, limit: Int, interval: Duration) {
        (self.source, self.limit, self.interval) = (source, limit, interval)
    }

    /// Those who listen, and those who were given up because they did not keep up.
    var viewers: DaemonReport.Viewers { .init(now: listeners.count, dropped: droppedCount) }

    /// Looks and tells until the task is cancelled.
    func run() async {
        while (try? await Task.sleep(for: interval)) != nil {
            if !listeners.isEmpty { await look() }
        }
    }

    /// Ends all events.
    func end() {
        isEnded = true
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    /// Begins to listen.
    ///
    /// - Parameter last: The id of the last event that came, where one listened before.
    func listen(after last: String?) async throws(MonitoringProblem) -> Listener {
        _ = try source.status()
        beginLife()
        if lastLook.map({ .now - $0 > interval }) ?? true { await look() }
        guard !isEnded else {
            throw MonitoringProblem(.unavailable, expected: "a running daemon", found: "one that is stopping")
        }
        guard listeners.count < limit else {
            throw MonitoringProblem(
                .unavailable, expected: "at most \(limit) listeners to events at once",
                found: "one more; close another page, or ask later")
        }
        let (events, continuation) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(Self.waitingLimit))
        listenerCount += 1
        let number = listenerCount
        listeners[number] = continuation
        let life = self.life ?? ""
        var seen: UInt64 = 0
        if let last, last.hasPrefix("\(life)-") { seen = UInt64(last.dropFirst(life.utf8.count + 1)) ?? 0 }
        if seen > batch { seen = 0 }
        var text = EventText()
        text.appendHello(epoch: life, isResumed: seen > 0, rules: source.rules)
        append(changedAfter: seen, to: &text)
        continuation.yield(ByteBuffer(string: text.text))
        return Listener(number: number, events: events)
    }

    /// Ends listening.
    func leave(_ listener: Listener) { listeners.removeValue(forKey: listener.number)?.finish() }

    /// Forgets everything where the source has begun to number streams anew; whoever listens comes back and is told all.
    private func beginLife() {
        let newest = source.life
        guard newest != life else { return }
        life = newest
        (marks, names, known, batch, lastLook) = (nil, [], [], 0, nil)
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    private func look() async {
        guard !isLooking else { return }
        isLooking = true
        defer { isLooking = false }
        beginLife()
        lastLook = .now
        var text = EventText()
        do throws(MonitoringProblem) {
            let looked = life
            let changes = try await source.changes(since: marks)
            var status = try source.status()
            // Else these are numbers of another life; whoever began to listen meanwhile may have begun it here.
            guard life == looked, source.life == looked else { return }
            take(changes)
            status.viewers = viewers
            append(changedAfter: batch - 1, to: &text)
            text.appendStatus(status)
        } catch {
            text.appendProblem(error)
        }
        tell(ByteBuffer(string: text.text))
    }

    private func take(_ changes: StreamChanges) {
        batch += 1
        marks = changes.marks
        if names.isEmpty { names = changes.names.map { _ in [] } }
        for engine in names.indices { names[engine] += changes.names[engine] }
        for (engine, renamed) in changes.renamed.enumerated() {
            for (slot, name) in renamed where names[engine][slot] != name {
                names[engine][slot] = name
                // Who listens is told of it as of a new one.
                let number = slot * names.count + engine
                if number < known.count { known[number] = nil }
            }
        }
        for row in changes.rows {
            let number = row.slot * names.count + row.engine
            while known.count <= number { known.append(nil) }
            known[number] = Known(row: row, batch: batch, firstBatch: known[number]?.firstBatch ?? batch)
        }
    }

    private func append(changedAfter seen: UInt64, to text: inout EventText) {
        let changed = known.enumerated().compactMap { number, each in
            each.flatMap { $0.batch > seen ? (number: number, known: $0) : nil }
        }
        text.appendStreams(
            changed.filter { $0.known.firstBatch > seen }.map {
                ($0.number, names[$0.known.row.engine][$0.known.row.slot], $0.known.row.rule)
            })
        text.beginRows(id: "\(life ?? "")-\(batch)")
        for each in changed { text.appendRow(each.known.row, number: each.number) }
        text.endRows()
    }

    private func tell(_ event: ByteBuffer) {
        for (number, listener) in listeners {
            guard case .dropped = listener.yield(event) else { continue }
            // What he lacks he is told when he comes back.
            droppedCount += 1
            listener.finish()
            listeners[number] = nil
        }
    }
}
