// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing
import WireFormat
import ZeroMQ

/// What the daemon's services say.
@Suite struct ServiceTests {
    static func report(_ change: (inout StatusReport) -> Void = { _ in }) -> StatusReport {
        var report = StatusReport(
            inputs: [StatusReport.Input(name: "plant"), StatusReport.Input(name: "lab")],
            outputs: [StatusReport.Output(name: "forecasts")])
        change(&report)
        return report
    }

    static let busy = report { report in
        report.inputs[0].undecodable[Int(DecodeError.syntax.rawValue)] = 2
        report.inputs[0].refused[Int(Refusal.late.rawValue)] = 3
        report.inputs[1].restored = 1
        report.inputs[1].observations = 1000
        report.outputs[0].dropped = 4
        report.outputs[0].refusedSubscriptions = 2
        var replay = ReplayCounts()
        (replay.malformed, replay.busy, replay.abandoned, replay.messages) = (3, 1, 4, 1000)
        report.outputs[0].replay = replay
        report.resets = 5
        report.streams = 6
    }

    static let hint = "forecastd tap --drops --config f.yaml shows them)"
    static let syntax = "syntax: its payload is not written as the input's format says; "

    /// The lines of a daemon whose configuration is f.yaml.
    func lines(from before: StatusReport?, to after: StatusReport) -> [String] {
        DropLogService.lines(
            from: before, to: after, hint: DropLogService.hint(path: "f.yaml", hasHTTP: true))
    }

    static let restored =
        "input lab: 1 connections were cut, because the peer sent a frame above maximum_message_size "
        + "or what is no ZeroMQ, and made anew"

    @Test func whatWasDroppedIsSaidByReason() {
        #expect(
            lines(from: nil, to: Self.busy) == [
                "input plant dropped: syntax 2, late 3 (\(Self.syntax)\(Self.hint)", Self.restored,
                "output forecasts: 4 forecasts did not reach every subscriber",
                "output forecasts did not answer: subscription 2, request 3, busy 1, abandoned 4",
                "5 streams were reset because their state was not finite",
            ])
    }

    @Test func onlyWhatIsNewIsSaid() {
        #expect(lines(from: Self.busy, to: Self.busy).isEmpty)
        #expect(lines(from: nil, to: Self.report()).isEmpty)
        var later = Self.busy
        later.inputs[0].refused[Int(Refusal.late.rawValue)] += 7
        later.outputs[0].dropped += 1
        later.outputs[0].replay?.busy += 2
        #expect(
            lines(from: Self.busy, to: later) == [
                "input plant dropped: late 7 (\(Self.hint)",
                "output forecasts: 1 forecasts did not reach every subscriber",
                "output forecasts did not answer: busy 2",
            ])
    }

    @Test func theHintSaysWhatIsMissingForIt() {
        #expect(
            DropLogService.hint(path: "f.yaml", hasHTTP: false)
                == "forecastd tap --drops --config f.yaml shows them, once it has http: {bind: …}")
    }

    /// A client that was refused has a line of its own, with its key.
    @Test func failedConnectionsAreSaidOnce() {
        let report = Self.report { report in
            report.inputs[0].connections.failedHandshakes = 3
            report.inputs[0].refusedClients.count = 1
            report.outputs[0].connections.failedHandshakes = 2
            report.outputs[0].refusedClients.count = 2
        }
        let said = lines(from: nil, to: report)
        #expect(said.count == 1)
        #expect(said[0].hasPrefix("input plant: 2 connections failed before the first message;"))
        #expect(lines(from: report, to: report).isEmpty)
    }

    @Test func whatSequenceNumbersToldIsSaid() {
        let report = Self.report { report in
            report.inputs[0].sequences.missed = 9
            report.inputs[0].sequences.reordered = 2
            report.inputs[0].sequences.repeated = 3
            report.inputs[1].sequences.restarts = 1
        }
        let (before, after) = ("input plant: ", ", by the messages' sequence numbers")
        #expect(
            lines(from: nil, to: report) == [
                "\(before)7 messages were lost on their way here, 3 came again\(after)",
                "input lab: 1 times a sender began its numbers anew\(after)",
            ])
        #expect(lines(from: report, to: report).isEmpty && report.drops == 0)
        var later = report
        later.inputs[0].sequences.reordered += 1
        #expect(lines(from: report, to: later).isEmpty)
        later.inputs[0].sequences.missed += 5
        #expect(
            lines(from: report, to: later) == [
                "\(before)4 messages were lost on their way here\(after)"
            ])
    }

    @Test func whatHappenedOnTimeLinesIsSaid() {
        let report = Self.report { report in
            report.time.learned = 1
            report.time.imputed = 2
            report.time.renewed = 3
            report.time.stale = 4
            report.time.turned = 5
            report.time.revised = 6
        }
        #expect(
            lines(from: nil, to: report) == [
                #"1 streams had their period learned: see "every" in their forecasts"#,
                "3 streams began anew after a gap that was too long to fill",
                "4 streams became stale: their values no longer come",
                "5 streams began a new time line: their sender's clock was set back",
                "6 forecasts were revised because values came late",
            ])
        #expect(lines(from: report, to: report).isEmpty)
    }

    @Test func modelsThatBecameWorseAreSaidOnce() {
        let report = Self.report { ($0.watch.alarms, $0.watch.drifts, $0.watch.driftsEnded) = (9, 3, 1) }
        #expect(
            lines(from: nil, to: report) == [
                "3 streams: the model's own forecasts have become worse than they were, lastingly; train it anew "
                    + "(forecastd state show says drifting of which)",
                "1 streams: the model's own forecasts are as they were again",
            ])
        #expect(lines(from: report, to: report).isEmpty)
    }

    /// A reason without a word would be a drop that nobody can name.
    @Test func everyReasonHasItsOwnWord() {
        let report = Self.report { report in
            for reason in DecodeError.allCases { report.inputs[0].undecodable[Int(reason.rawValue)] = 1 }
            for reason in Refusal.allCases { report.inputs[0].refused[Int(reason.rawValue)] = 1 }
        }
        let drops = report.inputs[0].dropsByReason
        #expect(drops.count == DecodeError.allCases.count + Refusal.allCases.count)
        #expect(Set(drops.map(\.reason)).count == drops.count)
        #expect(report.drops == UInt64(drops.count))
    }

    @Test func theStatusLineHasTheFigures() {
        #expect(
            WatchdogService.statusLine(Self.busy, rate: 99.6)
                == "6 streams, 100 observations a second, 5 dropped")
    }
}
