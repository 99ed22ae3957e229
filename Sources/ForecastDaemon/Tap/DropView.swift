// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What was dropped, a line for each stream or input and reason.
package struct DropView {
    private var columns = StreamColumn()
    /// How often each was told; what is told once more was decided again.
    private var told: [[String]: UInt64] = [:]

    /// Reasons that were told in words.
    private var explained: Set<String> = []

    /// Kinds of drops whose counts are remembered.
    private static let toldLimit = 100_000

    /// Makes a view to which nothing was told.
    package init() {}

    /// The drops of an answer, the newest last.
    package mutating func lines(_ report: DropReport) -> [String] {
        var lines: [(time: String, text: String)] = report.values.map { values in
            let decision = values.decision
            let count = news([values.stream, decision.kind, decision.first], decision.count)
            let words = DecisionView.words(decision, count: count)
            return (
                decision.last, decision.last.timeOfDay + "  " + columns.padded(values.stream) + "  " + words
            )
        }
        // Messages whose topics have no place any more, the newest last, by their input and reason.
        var others: [(name: [String], count: UInt64)] = []
        for messages in report.messages.sorted(by: { $0.last < $1.last }) {
            let name = [messages.input, messages.reason]
            let count = news(name + [messages.topic], messages.count)
            let words = DecisionView.words(
                messages, count: count, explains: explained.insert(messages.reason).inserted)
            let input = columns.padded("input \(messages.input)")
            lines.append((messages.last, messages.last.timeOfDay + "  " + input + "  " + words))
            let before = others.firstIndex { $0.name == name }
            let all = before.map { others.remove(at: $0).count } ?? news(name, messages.total)
            others.append((name, all > count ? all - count : 0))
        }
        var last = others.filter { $0.count > 0 }.map {
            "          … and \($0.count) more of input \($0.name[0]) (\($0.name[1])), of other topics"
        }
        if report.more > 0 { last.append("          … and of \(report.more) streams more") }
        return (DecisionView.inOrder(lines) + last).map(\.printable)
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
