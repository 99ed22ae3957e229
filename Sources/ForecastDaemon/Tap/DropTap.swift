// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring

/// `forecastd tap --drops`: what a daemon drops or takes in late, with the reason, as it is dropped.
package struct DropTap {
    private let query: StateQuery
    private let patterns: [String]
    private let isJSON: Bool
    private var output = TapOutput()
    private var view = DropView()
    private var after: String?
    private var lineCount = 0
    private var hasFailed = false

    /// Time between two looks at the daemon.
    private static let interval = Duration.seconds(1)

    /// Asks a daemon for drops of streams that match one of the patterns, or of all.
    package init(_ query: StateQuery, patterns: [String], isJSON: Bool) {
        (self.query, self.patterns, self.isJSON) = (query, patterns, isJSON)
    }

    /// Shows what was dropped and what is, until so many lines, a time, a signal or the end of whoever reads it.
    ///
    /// - Throws: A `DaemonError` where there is no daemon at the start.
    package mutating func run(limit: Int?, duration: Duration?) async throws {
        let signals = try TerminationSignals.descriptor()
        let end = duration.map { ContinuousClock.now + $0 }
        var isFirst = true
        while true {
            do {
                show(try await query.drops(after: after, match: patterns), limit: limit)
                hasFailed = false
            } catch {
                if isFirst { throw error }
                if !hasFailed { StandardError.writeLine("tap: \(error); still trying") }
                hasFailed = true
            }
            guard output.flush(), limit.map({ lineCount < $0 }) ?? true else { break }
            if isFirst && lineCount == 0 && !isJSON {
                StandardError.writeLine("tap: nothing was dropped that is remembered; waiting for more")
            }
            isFirst = false
            let rest = end.map { min(Self.interval, $0 - .now) } ?? Self.interval
            if rest <= .zero || TerminationSignals.wait(on: signals, atMost: rest) { break }
        }
        if let problem = output.problem { throw problem }
    }

    private mutating func show(_ report: DropReport, limit: Int?) {
        after = report.next
        let lines = isJSON ? DropView.json(report) : view.lines(report)
        for line in lines where limit.map({ lineCount < $0 }) ?? true {
            output.write(line + "\n")
            lineCount += 1
        }
    }
}
