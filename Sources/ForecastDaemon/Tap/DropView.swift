// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What was dropped, a line for each stream or input and reason.
package struct DropView {
    private var columns = StreamColumn()
    /// How often each was told; what is told once more was decided again.
    private var told: [[String]: UInt64] = [:]

    /// Kinds of drops whose counts are remembered.
    private static let toldLimit = 100_000

    /// Makes a view to which nothing was told.
    package init() {}

    /// The drops of an answer, those of messages last.
    package mutating func lines(_ report: DropReport) -> [String] {
        var lines = report.values.map { values in
            let decision = values.decision
            let count = news([values.stream, decision.kind, decision.first], decision.count)
            return decision.last.timeOfDay + "  " + columns.padded(values.stream) + "  "
                + DecisionView.words(decision, count: count)
        }
        if report.more > 0 { lines.append("          … and of \(report.more) streams more") }
        lines += report.messages.map { messages in
            let count = news([messages.input, messages.reason], messages.count)
            let number = count == 1 ? "a message" : "\(count) messages"
            return messages.last.timeOfDay + "  " + columns.padded("input \(messages.input)")
                + "  \(number) could not be read (\(messages.reason)), the last"
                + (messages.topic.isEmpty ? "" : " of \(messages.topic)") + ": \(messages.payload)"
        }
        return lines.map(\.printable)
    }

    private mutating func news(_ name: [String], _ count: UInt64) -> UInt64 {
        if told.count >= Self.toldLimit { told = [:] }
        let before = told.updateValue(count, forKey: name) ?? 0
        // A daemon that began anew counts anew.
        return count > before ? count - before : count
    }

    /// The same as JSON.
    package static func json(_ report: DropReport) -> [String] {
        report.values.compactMap { try? $0.jsonText() } + report.messages.compactMap { try? $0.jsonText() }
    }
}
