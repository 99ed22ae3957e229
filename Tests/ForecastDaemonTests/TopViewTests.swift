// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Monitoring
import Testing

/// What `forecastd top` shows of reports that stand here, and what its keys do.
@Suite struct TopViewTests {
    static func row(
        _ stream: String, y: Double = 1, skill: Double? = nil, age: Double = 1, status: String = "ok",
        rate: Double? = nil
    ) -> TopRow {
        var report = StreamReport(
            stream: stream, status: status, every: "1s", tick: nil,
            newest: .init(ts: "2026-11-23T06:59:40.250Z", y: y),
            age: age, yhat: y + 1, ticks: 7, seq: 8, warm: 1, gap: 0, rule: .init(number: 1, match: "*"),
            model: "pump", revision: "0123456789ab", scale: nil)
        report.score = skill.map { .init(mae: 0.5, skill: $0, coverage: ["0.8": 0.7, "0.95": 0.9]) }
        return TopRow(report: report, rate: rate)
    }

    static let rows = [
        row("b", y: 3, skill: 0.5, age: 3), row("a", y: 2, age: 1, status: "stale"),
        row("plant.c", y: 1, skill: -0.25, age: 2, rate: 10),
    ]
    static let status = DaemonReport(
        version: "1.2.3", epoch: "ff", started: "2026-11-23T06:59:40.250Z", uptime: 90, pipelines: 1,
        streams: .init(known: 3, limit: 10), rates: .init(observations: 100.4, forecasts: 99.6, drops: 0),
        inputs: [],
        outputs: [], time: [:], resets: 0, alarms: .init(now: 2, total: 5), drifts: .init(now: 0, total: 0),
        scores: [])

    static func view(_ keys: String = "") -> TopView {
        var view = TopView()
        view.update(status, rows)
        for key in keys { _ = view.press(.character(key)) }
        return view
    }

    /// The first words of the list's lines.
    static func names(_ view: TopView) -> [String] {
        var view = view
        return view.lines(width: 100, height: 20).dropFirst(2).dropLast().map(\.text)
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    @Test func linesFillTheScreenExactly() {
        for (width, height) in [(80, 24), (200, 60), (20, 4), (1, 1), (5, 2), (100, 10)] {
            var view = Self.view()
            for key: TopKey? in [nil, .enter] {
                if let key { _ = view.press(key) }
                let lines = view.lines(width: width, height: height)
                #expect(
                    lines.count == height && lines.allSatisfy { $0.text.count == width },
                    "\(width) x \(height)")
            }
        }
    }

    @Test func aRowSaysWhatTheReportSays() {
        var view = Self.view()
        view.recent = ["plant.c": [1, 2, 3]]
        let lines = view.lines(width: 120, height: 20).map(\.text)
        #expect(
            lines[0].hasPrefix(
                "forecastd 1.2.3  up 90s  3 streams, 2 alarms  in 100/s  out 100/s  dropped 0/s "))
        #expect(
            lines[1].split(separator: " ").map(String.init) == [
                "stream*", "status", "value", "forecast", "rate", "age", "error", "skill", "held", "anomaly",
            ])
        let words = lines[4].split(separator: " ").map(String.init)
        #expect(
            words.prefix(10) == ["plant.c", "ok", "1", "2", "10.0/s", "2.0s", "0.5", "-0.25", "90%", "-"])
        #expect(words.last?.contains("\u{2502}") == true)
    }

    @Test(arguments: [
        ("", ["a", "b", "plant.c"]), ("r", ["plant.c", "b", "a"]), ("s", ["b", "plant.c", "a"]),
        ("ss", ["b", "a", "plant.c"]), ("ssr", ["plant.c", "a", "b"]), ("sssss", ["b", "plant.c", "a"]),
        ("<<<", ["b", "plant.c", "a"]), ("<<<r", ["plant.c", "b", "a"]), ("s<", ["a", "b", "plant.c"]),
    ])
    func keysOrder(keys: String, names: [String]) {
        #expect(Self.names(Self.view(keys)) == names)
    }

    @Test func theFilterChooses() {
        var view = Self.view("/stale")
        #expect(Self.names(view) == ["a"])
        #expect(view.lines(width: 80, height: 10).last?.text.hasPrefix("filter: stale_ ") == true)
        _ = view.press(.backspace)
        #expect(view.filter == "stal")
        _ = view.press(.escape)
        #expect(view.filter == "" && Self.names(view).count == 3)
        view = Self.view("/PLANT")
        _ = view.press(.enter)
        #expect(Self.names(view) == ["plant.c"] && view.press(.character("q")) == .quit)
    }

    @Test func aStreamIsChosenAndShown() {
        var view = Self.view()
        for key: TopKey in [.down, .down, .down, .down, .up] { _ = view.press(key) }
        let chosen = view.lines(width: 100, height: 20).filter(\.isInverse)
        #expect(chosen.count == 1 && chosen[0].text.hasPrefix("b "))
        #expect(view.press(.enter) == .refresh && view.detail == "b")
        #expect(view.lines(width: 100, height: 30).contains { $0.text.hasPrefix("newest value") })
        _ = view.press(.escape)
        #expect(view.detail == nil && Self.names(view).count == 3)
        #expect(!view.isPaused)
        _ = view.press(.character(" "))
        #expect(view.isPaused && view.lines(width: 150, height: 5)[0].text.contains("PAUSED"))
    }

    /// More streams than lines: the chosen one is always in sight.
    @Test func theListScrolls() {
        var view = TopView()
        view.update(Self.status, (0..<100).map { Self.row("s.\(100 + $0)") })
        for key: TopKey in [.end, .up, .pageUp, .home, .pageDown, .pageDown] {
            _ = view.press(key)
            let lines = view.lines(width: 80, height: 13)
            #expect(lines.filter(\.isInverse).count == 1, "\(key)")
        }
        #expect(view.visible.count == 10 && view.visible.contains("s.120"))
    }

    @Test func oldFiguresAreSaidToBeOld() {
        var view = Self.view()
        view.fail("no daemon\u{1B}[2J answers")
        let lines = view.lines(width: 80, height: 10)
        #expect(
            lines.last?.text.hasPrefix("OLD: no daemon\u{FFFD}[2J answers") == true
                && lines.last?.isInverse == true)
        view.update(Self.status, Self.rows)
        #expect(view.lines(width: 80, height: 10).last?.text.hasPrefix("q quit") == true)
    }

    @Test(
        arguments: [
            ("q", [.character("q")]), ("\u{1B}[A\u{1B}[B", [.up, .down]), ("\u{1B}OA", [.up]),
            ("\u{1B}", [.escape]),
            ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]), ("\u{1B}[1;5Xä\r", [.character("ä"), .enter]),
            ("\u{1B}[", []),
            ("\u{7F}\u{8}\u{3}", [.backspace, .backspace, .interrupt]), ("\u{1}\u{0}", []),
            ("a\u{1B}[H\u{1B}[4~", [.character("a"), .home, .end]),
        ] as [(String, [TopKey])])
    func bytesAreKeys(bytes: String, keys: [TopKey]) {
        #expect(TopKey.keys(Array(bytes.utf8)) == keys)
    }

    @Test func theChartShowsWhatCameAndWhatIsForecast() {
        let forecast = ForecastReport(
            stream: "a", ts: "", y: 4, every: "1s", status: "ok", seq: 1, yhat: [3, nil, 1],
            yhatLower: ["0.9": [2, 1, 0]],
            yhatUpper: ["0.9": [4, 4, 4]])
        let ticks = [0.0, 2, 4].map {
            StreamHistory.Tick(
                ts: "", y: $0, yhat: nil, yhatLower: nil, yhatUpper: nil, anomalyScore: nil, marks: nil)
        }
        let history = StreamHistory(levels: [0.9], ticks: ticks, paths: [], forecast: forecast)
        let lines = TopChart(history).lines(width: 24, height: 5).map { $0.dropFirst(11).prefix(7) }
        #expect(
            lines == [
                "  \u{2022}\u{2502}\u{2591}\u{2591}\u{2591}", "   \u{2502}\u{D7}\u{2591}\u{2591}",
                " \u{2022} \u{2502}\u{2591}\u{2591}\u{2591}", "   \u{2502} \u{2591}\u{D7}",
                "\u{2022}  \u{2502}  \u{2591}",
            ])
    }
}
