// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What `forecastd why` and `tap --drops` print.
package enum DecisionView {
    /// What was decided for a stream, a line each.
    package static func page(_ report: StreamDecisions) -> String {
        guard !report.decisions.isEmpty || !report.messages.isEmpty else {
            return
                "\(report.stream): nothing is remembered that was decided for it since the daemon began at \(report.since)"
                .printable
        }
        let what = report.decisions.isEmpty ? "messages that could not be read" : "what was decided of late"
        let lines =
            report.decisions.map { ($0.last, line($0, count: $0.count, day: true)) }
            + report.messages.map {
                ($0.last, "\($0.last.second)  input \($0.input): \(words($0, count: $0.count))")
            }
        return (["\(report.stream): \(what), the newest last"] + inOrder(lines)).map(\.printable).joined(
            separator: "\n")
    }

    /// Lines in the order of their times.
    static func inOrder(_ lines: [(time: String, text: String)]) -> [String] {
        lines.sorted { $0.time < $1.time }.map(\.text)
    }

    /// That `count` messages could not be read, why, and how the last begins.
    ///
    /// - Parameter explains: Whether the reason is told in words too.
    static func words(_ messages: DropReport.Messages, count: UInt64, explains: Bool = true) -> String {
        let number = count == 1 ? "a message" : "\(count) messages"
        let reason = messages.reason + (explains ? ": \(messages.text)" : "")
        return "\(number) could not be read (\(reason)), the last"
            + (messages.topic.isEmpty ? "" : " of \(messages.topic)") + ": \(messages.payload)"
    }

    /// A decision: when it was taken last, what it was, its key, and how often it was taken.
    ///
    /// - Parameter day: Whether the day is told.
    package static func line(_ decision: DecisionReport, count: UInt64, day: Bool) -> String {
        let time = day ? decision.last.second : decision.last.timeOfDay
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
