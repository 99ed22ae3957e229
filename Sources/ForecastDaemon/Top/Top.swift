// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring

/// `forecastd top`: a running daemon's streams in the terminal, as they change.
package struct Top {
    private let query: StateQuery
    private let interval: Duration
    private var view = TopView()
    /// Of the look before: when, and each stream's number of forecasts.
    private var before: (time: ContinuousClock.Instant, sequences: [String: UInt64])?

    private enum Happening: Sendable {
        case event(TopEvents.Event)
        case due
    }

    /// Looks at the daemon that `query` asks, each `interval`.
    package init(_ query: StateQuery, interval: Duration) {
        (self.query, self.interval) = (query, interval)
    }

    /// Shows until a key or a signal says quit.
    ///
    /// - Throws: A `DaemonError` where there is no terminal, or no daemon at the start.
    package mutating func run() async throws {
        try await look()
        let terminal = try Terminal()
        let events = try TopEvents()
        let (happenings, continuation) = AsyncStream.makeStream(of: Happening.self)
        let listener = Task { for await event in events.events { continuation.yield(.event(event)) } }
        let timer = Task { [interval] in
            while (try? await Task.sleep(for: interval)) != nil { continuation.yield(.due) }
        }
        defer {
            listener.cancel()
            timer.cancel()
        }
        show(on: terminal)
        for await happening in happenings {
            switch happening {
            case .event(.ended): return
            case .event(.resized): break
            case .event(.keys(let keys)):
                for key in keys {
                    switch view.press(key) {
                    case .quit: return
                    case .refresh: await lookAgain()
                    case nil: break
                    }
                }
            case .due:
                if !view.isPaused { await lookAgain() }
            }
            show(on: terminal)
        }
    }

    private mutating func show(on terminal: Terminal) {
        let size = terminal.size
        terminal.show(view.lines(width: size.width, height: size.height))
    }

    /// A daemon that does not answer for once is said to be so, and asked again.
    private mutating func lookAgain() async {
        do { try await look() } catch { view.fail("\(error)") }
    }

    private mutating func look() async throws {
        let status = try await query.status()
        let streams = try await query.streams(match: nil)
        let now = ContinuousClock.now
        let seconds = before.map { (now - $0.time) / .seconds(1) }
        let rows = streams.map { stream in
            let rate = before?.sequences[stream.stream].flatMap { count in
                seconds.map { Double(stream.seq >= count ? stream.seq - count : 0) / $0 }
            }
            return TopRow(report: stream, rate: rate)
        }
        before = (now, Dictionary(streams.map { ($0.stream, $0.seq) }) { $1 })
        view.update(status, rows)
        if let detail = view.detail {
            view.history = try? await query.history(detail)
        } else {
            view.recent = (try? await query.recent(view.visible)) ?? [:]
        }
    }
}
