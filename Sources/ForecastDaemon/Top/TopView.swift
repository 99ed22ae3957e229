// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What `forecastd top` shows, and what its keys do: a value, apart from the terminal and the daemon.
package struct TopView: Sendable {
    /// A line of the screen.
    package struct Line: Equatable, Sendable {
        /// Its text, cut and filled up to the width.
        package var text: String
        /// Whether it stands out.
        package var isInverse = false
    }

    /// What a key asks for that is not the view's own.
    package enum Request: Equatable, Sendable {
        case quit
        /// Ask the daemon now.
        case refresh
    }

    private(set) package var column = TopRow.Column.stream
    private var isReversed = false
    private(set) package var filter = ""
    private var isTyping = false
    private(set) package var isPaused = false
    /// The stream whose page is shown; nil for the list.
    private(set) package var detail: String?
    private var selected: String?
    private var first = 0
    private var listHeight = 1
    private var rows: [TopRow] = []
    private var status: DaemonReport?
    private var problem: String?
    /// By stream: newest values.
    package var recent: [String: [Double]] = [:]
    package var history: StreamHistory?

    /// Begins with an empty list.
    package init() {}

    /// Takes in what the daemon says.
    package mutating func update(_ status: DaemonReport, _ rows: [TopRow]) {
        (self.status, self.rows, problem) = (status, rows, nil)
    }

    /// Says why there is nothing new; what was known stays, and is said to be old.
    package mutating func fail(_ problem: String) { self.problem = problem.printable }

    /// The rows that are shown, in their order.
    private var shown: [TopRow] {
        let words = filter.lowercased().split(separator: " ")
        let chosen = rows.filter { row in
            words.allSatisfy { row.report.stream.lowercased().contains($0) || row.report.status == $0 }
        }
        return TopRow.sorted(chosen, by: column, isReversed: isReversed)
    }

    /// Streams in sight, whose newest values are of use.
    package var visible: [String] { shown.dropFirst(first).prefix(min(listHeight, 100)).map(\.report.stream) }
}

// Keys.
extension TopView {
    /// Does what a key says.
    package mutating func press(_ key: TopKey) -> Request? {
        if key == .interrupt { return .quit }
        if isTyping { return type(key) }
        switch key {
        case .character("q"): return .quit
        case .escape:
            if detail == nil { filter = "" } else { (detail, history) = (nil, nil) }
        case .character(" "): isPaused.toggle()
        case .character("/"): (isTyping, detail, history) = (true, nil, nil)
        case .character("r"): isReversed.toggle()
        case .character("s"), .character(">"): order(by: 1)
        case .character("<"): order(by: -1)
        case .enter:
            guard detail == nil else { break }
            detail = selected ?? shown.first?.report.stream
            return .refresh
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp: move(by: -listHeight)
        case .pageDown: move(by: listHeight)
        case .home: move(by: -.max / 2)
        case .end: move(by: .max / 2)
        case .backspace, .interrupt, .character: break
        }
        return nil
    }

    private mutating func type(_ key: TopKey) -> Request? {
        switch key {
        case .enter: isTyping = false
        case .escape: (isTyping, filter) = (false, "")
        case .backspace: _ = filter.popLast()
        case .character(let character): filter.append(character)
        default: break
        }
        return nil
    }

    private mutating func order(by step: Int) {
        let count = TopRow.Column.allCases.count
        column = TopRow.Column.allCases[(column.rawValue + step + count) % count]
    }

    private mutating func move(by step: Int) {
        let shown = shown
        guard detail == nil, !shown.isEmpty else { return }
        let place = shown.firstIndex { $0.report.stream == selected } ?? (step > 0 ? -1 : 0)
        selected = shown[min(max(place + step, 0), shown.count - 1)].report.stream
    }
}

// The screen.
extension TopView {
    /// The screen's lines, exactly `height` of them.
    package mutating func lines(width: Int, height: Int) -> [Line] {
        listHeight = max(1, height - 3)
        var lines = [Line(text: headline)]
        lines += detail.map { page(of: $0, width: width, height: height - 2) } ?? list(width: width)
        lines = Array(lines.prefix(height - 1))
        while lines.count < height - 1 { lines.append(Line(text: "")) }
        lines.append(Line(text: footer, isInverse: problem != nil))
        return lines.map { Line(text: Self.fitted($0.text, to: width), isInverse: $0.isInverse) }
    }

    private static func fitted(_ text: String, to width: Int, isRight: Bool = false) -> String {
        guard text.count < width else { return String(text.prefix(width)) }
        let padding = String(repeating: " ", count: width - text.count)
        return isRight ? padding + text : text + padding
    }

    private var headline: String {
        guard let status else { return "forecastd top" }
        func rate(_ figure: Double?) -> String { figure.map { "\(Int($0.rounded()))/s" } ?? "-" }
        let full = status.state?.full == true ? "  DISK FULL" : ""
        return
            "forecastd \(status.version)  up \(StateView.age(status.uptime))  \(status.streams.known) streams, "
            + "\(status.alarms.now) alarms  in \(rate(status.rates?.observations))  out \(rate(status.rates?.forecasts))  "
            + "dropped \(rate(status.rates?.drops))" + full + (isPaused ? "  PAUSED" : "")
    }

    private var footer: String {
        if isTyping { return "filter: \(filter)_" }
        if let problem { return "OLD: \(problem)" }
        if detail != nil { return "esc back  space pause  q quit" }
        let chosen = filter.isEmpty ? "" : "  only: \(filter)"
        return "q quit  s/< order  r reverse  / filter  enter one stream  space pause" + chosen
    }

    private mutating func list(width: Int) -> [Line] {
        let shown = shown
        let place = shown.firstIndex { $0.report.stream == selected }
        if let place { first = min(max(first, place - listHeight + 1), place) }
        first = min(first, max(0, shown.count - listHeight))
        // Narrow screens lack the last columns.
        var columns = TopRow.Column.allCases
        func used() -> Int { columns.reduce(0) { $0 + $1.width + 1 } }
        while used() > width && columns.count > 1 { columns.removeLast() }
        let sparkWidth = width - used() >= 12 ? min(24, (width - used()) / 2) : 0
        let nameWidth = columns[0].width + width - used() - sparkWidth
        func line(_ text: (TopRow.Column) -> String) -> String {
            columns.map { column in
                let isText = column == .stream || column == .status
                return Self.fitted(
                    text(column), to: column == .stream ? nameWidth : column.width, isRight: !isText)
            }.joined(separator: " ")
        }
        let head = line { $0.title + ($0 == column ? (isReversed ? "^" : "*") : "") }
        return [Line(text: head)]
            + shown.dropFirst(first).prefix(listHeight).map { row in
                let spark = sparkWidth > 0 ? " " + picture(row, length: sparkWidth - 2) : ""
                return Line(
                    text: line { row.text($0).printable } + spark, isInverse: row.report.stream == selected)
            }
    }

    private func picture(_ row: TopRow, length: Int) -> String {
        Sparkline.text(
            past: recent[row.report.stream] ?? [], forecast: row.report.yhat.map { [$0] } ?? [],
            length: max(1, length - 1))
    }

    private func page(of stream: String, width: Int, height: Int) -> [Line] {
        guard let row = rows.first(where: { $0.report.stream == stream }) else {
            return [Line(text: "\(stream.printable) is not forecast any more")]
        }
        var lines: [String] = []
        if let history {
            lines = TopChart(history).lines(width: width, height: max(4, height / 2)) + [""]
        }
        lines += StateView.page(row.report).split(separator: "\n").map(String.init)
        return lines.map { Line(text: $0) }
    }
}
