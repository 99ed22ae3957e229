// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What `forecastd why` and `tap --drops` print.
package enum DecisionView {
    /// What was decided for a stream, a line each.
    package static func page(_ report: StreamDecisions) -> String {
        guard !report.decisions.isEmpty else {
            return
                "\(report.stream): nothing is remembered that was decided for it since the daemon began at \(report.since)"
                .printable
        }
        let header = "\(report.stream): what was decided of late, the newest last"
        return ([header] + report.decisions.map { line($0, count: $0.count, day: true) }).map(\.printable)
            .joined(separator: "\n")
    }

    /// A decision: when it was taken last, what it was, its key, and how often it was taken.
    ///
    /// - Parameter day: Whether the day is told.
    package static func line(_ decision: DecisionReport, count: UInt64, day: Bool) -> String {
        let time = day ? String(decision.last.prefix(19)) + "Z" : decision.last.timeOfDay
        return time + "  " + words(decision, count: count)
    }

    /// What a decision was, its key, and that it was taken `count` times.
    package static func words(_ decision: DecisionReport, count: UInt64) -> String {
        var text = decision.text
        if let key = decision.key { text += "  (\(key))" }
        // The words of what was filled have the number of ticks.
        if count > 1 && decision.kind != "filled" {
            text += "  \(count) times"
            if count == decision.count { text += " since \(decision.first.timeOfDay)" }
        }
        return text
    }
}
