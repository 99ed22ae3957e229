// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Monitoring
import Testing

/// Decisions in words.
@Suite struct DecisionViewTests {
    static let day: Int64 = 1_700_000_000
    static let second: Int64 = 1_000_000_000

    /// A decision of 22:13:20 to 22:13:50 on values of 22:13:10 to 22:13:15.
    static func decision(
        _ kind: Decision.Kind, count: UInt64 = 1, value: Double = 21.5, _ setting: Decision.Setting = .none
    ) -> Decision {
        func time(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: (day + seconds) * second) }
        var table = DecisionTable(streamsLimit: 1, seed: 1)
        table.clock = time(0)
        table.note(kind, of: "a".utf8.span.bytes, from: time(-10), to: time(-5), value: value, setting)
        var decision = table.decisions(of: "a".utf8.span.bytes)[0]
        (decision.count, decision.last) = (count, time(30))
        return decision
    }

    static let dropped = "the value 21.5 of 22:13:15 was dropped: "
    static let cases: [(Decision, kind: String, text: String, key: String?)] = [
        (
            decision(.refused(.unmatched)), "unmatched", dropped + "no rule matches the stream's id",
            "streams: match"
        ),
        (
            decision(.refused(.streamsLimit), .count(5)), "streams_limit",
            dropped + "there is no room for another stream", "streams_limit: 5"
        ),
        (
            decision(.refused(.ahead), .duration(60 * second)), "ahead",
            dropped + "its time lies too far ahead of the clock", "maximum_skew: 1m"
        ),
        (
            decision(.refused(.late), .duration(2 * second)), "late", dropped + "it came too late",
            "lateness: 2s"
        ),
        // Of a stream without a rule of its own.
        (decision(.refused(.late)), "late", dropped + "it came too late", nil),
        (decision(.refused(.duplicate)), "duplicate", dropped + "it had come before", nil),
        (
            decision(.refused(.rejected), value: -9999, .value(-9999)), "rejected",
            "the value -9999 of 22:13:15 was dropped: it stands for no value", "values: {reject: [-9999]}"
        ),
        (
            decision(.refused(.outOfRange), .value(20)), "out_of_range", dropped + "it is out of range",
            "values: {maximum: 20}"
        ),
        (
            decision(.refused(.outOfRange), .value(22.5)), "out_of_range", dropped + "it is out of range",
            "values: {minimum: 22.5}"
        ),
        (
            decision(.refused(.rate), .value(5)), "rate", dropped + "it differs too much from the last one",
            "values: {rate: 5}"
        ),
        (
            decision(.refused(.stuck), .count(30)), "stuck", dropped + "it has stayed the same for too long",
            "values: {stuck: 30}"
        ),
        (
            decision(.revised, .count(8)), "revised",
            "the value 21.5 of 22:13:15 came late; the stream went back and took it in", "revise_limit: 8"
        ),
        (
            decision(.filled(.hold), count: 6, .duration(10 * second)), "filled",
            "6 ticks without values, 22:13:10 to 22:13:15, filled with the last value, last 21.5",
            "gaps: {fill: hold, limit: 10s}"
        ),
        (
            decision(.filled(.forecast), .duration(10 * second)), "filled",
            "a tick without values, 22:13:15, filled with the forecast (or the last value, where there was none), last 21.5",
            "gaps: {fill: forecast, limit: 10s}"
        ),
        (
            decision(.skipped, .duration(10 * second)), "skipped",
            "passed over ticks without values, 22:13:10 to 22:13:15", "gaps: {fill: skip, limit: 10s}"
        ),
        (
            decision(.renewed(.reset), .duration(10 * second)), "reset",
            "the model's state began at zero: no values, 22:13:10 to 22:13:15",
            "gaps: {limit: 10s, then: reset}"
        ),
        (
            decision(.renewed(.rewarm), .duration(10 * second)), "rewarmed",
            "the model's state began at zero and was run over the window: no values, 22:13:10 to 22:13:15",
            "gaps: {limit: 10s, then: rewarm}"
        ),
        (
            decision(.notFinite), "not_finite",
            "the stream was reset at the value 21.5 of 22:13:15: its state was not finite", nil
        ),
        (
            decision(.turned), "turned",
            "a new time line began: the sender's clock went back, from 22:13:10 to 22:13:15", nil
        ),
        (
            decision(.learned, .duration(1500 * second / 1000)), "learned",
            "learned that the stream has a value every 1500ms", "every: auto"
        ),
        (
            decision(.stale, .duration(10 * second)), "stale",
            "said to be stale: no values, 22:13:10 to 22:13:15; the last was 21.5", "gaps: {limit: 10s}"
        ),
        (
            decision(.spilled(isIdle: false), .count(100)), "spilled",
            "its state went to disk, to make room for others", "streams_limit: 100"
        ),
        (
            decision(.spilled(isIdle: true), .duration(60 * second)), "spilled",
            "its state went to disk, because no value came", "idle_ttl: 1m"
        ),
        (decision(.revived), "revived", "its state came back from disk", nil),
        (
            decision(.forgotten, .duration(60 * second)), "forgotten", "forgotten, because no value came",
            "idle_ttl: 1m"
        ),
        (
            decision(.lost), "lost",
            "began anew: its state on disk was destroyed, or is of another rule or model", nil
        ),
        (
            decision(.reloaded(.kept, [.model, .values])), "reload_kept",
            "a reload: it goes on with its state (changed: model, values)", "on_model_change: keep"
        ),
        (
            decision(.reloaded(.rewarmed, [.season, .levels])), "reload_rewarmed",
            "a reload: its model was run over its window (changed: season, levels)",
            nil
        ),
        (
            decision(.reloaded(.removed, [])), "reload_removed", "a reload: no rule matches it any more", nil
        ),
    ]

    @Test(arguments: cases.indices) func eachKindHasItsWords(_ index: Int) {
        let row = Self.cases[index]
        let report = DecisionReport(row.0)
        #expect(report.kind == row.kind && report.text == row.text && report.key == row.key)
        #expect(report.first == "2023-11-14T22:13:20Z" && report.last == "2023-11-14T22:13:50Z")
    }

    @Test func valuesAreToldBriefly() {
        var decision = Self.decision(.refused(.late), value: 24.476_949_368_234_54)
        decision.end = Timestamp(nanoseconds: Self.day * Self.second + 123_456_789)
        let text = "the value 24.477 of 22:13:20.123 was dropped: it came too late"
        #expect(DecisionReport(decision).text == text)
    }

    @Test func aTimeOfAnotherDayIsToldWhole() {
        var decision = Self.decision(.refused(.late))
        decision.end = Timestamp(nanoseconds: 0)
        #expect(DecisionReport(decision).text.contains(" of 1970-01-01T00:00:00Z was dropped"))
    }

    @Test func aPageHasALineForEach() {
        let decisions = [
            Self.decision(.refused(.late), count: 3, .duration(2 * Self.second)), Self.decision(.revived),
        ]
        let report = StreamDecisions(
            stream: "plant.a", since: "2023-11-14T00:00:00Z", decisions: decisions.map { DecisionReport($0) },
            messages: [Self.messages(3), Self.messages(1, last: "2023-11-14T22:13:49Z")])
        #expect(
            DecisionView.page(report) == """
                plant.a: what was decided of late, the newest last
                2023-11-14T22:13:49Z  input in: a message could not be read (syntax: it is broken), the last of x: \u{FFFD}[2J
                2023-11-14T22:13:50Z  \(Self.dropped)it came too late  (lateness: 2s)  3 times since 22:13:20
                2023-11-14T22:13:50Z  its state came back from disk
                2023-11-14T22:13:50Z  input in: 3 messages could not be read (syntax: it is broken), the last of x: \u{FFFD}[2J
                """)
        let unreadable = StreamDecisions(
            stream: "x", since: report.since, decisions: [], messages: [Self.messages(1)])
        #expect(
            DecisionView.page(unreadable) == """
                x: messages that could not be read, the newest last
                2023-11-14T22:13:50Z  input in: a message could not be read (syntax: it is broken), the last of x: \u{FFFD}[2J
                """)
        let nothing = StreamDecisions(
            stream: "plant.a", since: report.since, decisions: [], messages: [])
        #expect(
            DecisionView.page(nothing)
                == "plant.a: nothing is remembered that was decided for it since the daemon began at 2023-11-14T00:00:00Z"
        )
    }

    /// Messages whose payload would clear a terminal.
    static func messages(
        _ count: UInt64, total: UInt64? = nil, last: String = "2023-11-14T22:13:50Z"
    ) -> DropReport.Messages {
        DropReport.Messages(
            input: "in", reason: "syntax", text: "it is broken", count: count, total: total ?? count,
            last: last, topic: "x", payload: "\u{1B}[2J")
    }

    /// What was told before is told no more; a message's payload cannot move the cursor.
    @Test func aTapTellsWhatIsNew() {
        func report(_ late: UInt64, _ bad: UInt64) -> DropReport {
            let decision = DecisionReport(Self.decision(.refused(.late), count: late))
            return DropReport(
                next: "", values: [.init(stream: "plant.a", decision: decision)], more: late == 9 ? 3 : 0,
                messages: [Self.messages(bad, total: bad + (bad > 5 ? 4 : 0))])
        }
        var view = DropView()
        let late = "22:13:50  plant.a           \(Self.dropped)it came too late"
        func unreadable(_ count: String, _ words: String = "") -> String {
            "22:13:50  input in          \(count) could not be read (syntax\(words)), the last of x: \u{FFFD}[2J"
        }
        #expect(
            view.lines(report(2, 1)) == [
                late + "  2 times since 22:13:20", unreadable("a message", ": it is broken"),
            ])
        #expect(view.lines(report(3, 5)) == [late, unreadable("4 messages")])
        #expect(
            view.lines(report(9, 6)) == [
                late + "  6 times", unreadable("a message"),
                "          \u{2026} and 4 more of input in (syntax), of other topics",
                "          \u{2026} and of 3 streams more",
            ])
    }
}
