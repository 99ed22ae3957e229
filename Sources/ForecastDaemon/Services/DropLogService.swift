// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Logging
import ServiceLifecycle
import WireFormat
import ZeroMQ

/// Says in the log, at a limited rate, what was dropped and why.
package struct DropLogService: Service {
    let mailbox: Mailbox
    let interval: Duration
    let hint: String
    let logger: Logger

    /// How to see what was dropped.
    package static func hint(path: String, hasHTTP: Bool) -> String {
        "forecastd tap --drops --config \(path) shows them" + (hasHTTP ? "" : ", once it has http: {bind: …}")
    }

    /// Runs until shutdown; what was dropped since the last line is said then.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var said: StatusReport?
            var isRunning = true
            while isRunning {
                isRunning = (try? await Task.sleep(for: interval)) != nil
                if said == nil, isRunning { logSilence() }
                log(since: &said)
            }
        }
    }

    /// A wrong host or port is no error for ZeroMQ, which goes on trying: say once that nothing comes.
    private func logSilence() {
        for input in mailbox.newestReport?.inputs ?? [] where input.messages == 0 {
            logger.warning(
                "input \(input.name): no message has come yet; are its endpoints right, and is a sender running there?"
            )
        }
    }

    private func log(since said: inout StatusReport?) {
        guard let report = mailbox.newestReport else { return }
        for line in Self.lines(from: said, to: report, hint: hint) { logger.warning("\(line)") }
        said = report
    }

    /// A line for each input and output that dropped anything between two reports, and for what was begun anew.
    ///
    /// - Parameter hint: How to see what was dropped.
    package static func lines(
        from before: StatusReport?, to after: StatusReport, hint: String
    ) -> [String] {
        var lines: [String] = []
        for (index, input) in after.inputs.enumerated() {
            lines += inputLines(from: before?.inputs[index], to: input, hint: hint)
        }
        for (index, output) in after.outputs.enumerated() {
            lines += outputLines(from: before?.outputs[index], to: output)
        }
        let resets = after.resets - (before?.resets ?? 0)
        if resets > 0 { lines.append("\(resets) streams were reset because their state was not finite") }
        return lines + timeLines(from: before?.time ?? TimeCounts(), to: after.time)
            + driftLines(from: before?.watch ?? WatchCounts(), to: after.watch)
    }

    private static func inputLines(
        from before: StatusReport.Input?, to after: StatusReport.Input, hint: String
    ) -> [String] {
        var lines: [String] = []
        let reasons = news(from: before?.dropsByReason ?? [], to: after.dropsByReason)
        if !reasons.isEmpty {
            lines.append(
                "input \(after.name) dropped: \(reasons.joined(separator: ", ")) "
                    + "(\(explanation(from: before, to: after))\(hint))")
        }
        lines += refusals("input \(after.name)", from: before?.refusedClients, to: after.refusedClients)
        lines += failures(
            "input \(after.name)",
            from: (before?.connections ?? ConnectionCounts(), before?.refusedClients.count ?? 0),
            to: (after.connections, after.refusedClients.count))
        lines += losses(of: after.name, from: before?.sequences, to: after.sequences)
        let restored = after.restored - (before?.restored ?? 0)
        if restored > 0 {
            lines.append(
                "input \(after.name): \(restored) connections were cut, because the peer sent a frame above "
                    + "maximum_message_size or what is no ZeroMQ, and made anew")
        }
        return lines
    }

    private static func outputLines(
        from before: StatusReport.Output?, to after: StatusReport.Output
    ) -> [String] {
        var lines: [String] = []
        let dropped = after.dropped - (before?.dropped ?? 0)
        if dropped > 0 {
            lines.append("output \(after.name): \(dropped) forecasts did not reach every subscriber")
        }
        lines += refusals("output \(after.name)", from: before?.refusedClients, to: after.refusedClients)
        lines += failures(
            "output \(after.name)",
            from: (before?.connections ?? ConnectionCounts(), before?.refusedClients.count ?? 0),
            to: (after.connections, after.refusedClients.count))
        let reasons = news(from: before?.dropsByReason ?? [], to: after.dropsByReason)
        if !reasons.isEmpty {
            lines.append("output \(after.name) did not answer: \(reasons.joined(separator: ", "))")
        }
        return lines
    }

    /// The reasons that have occurred between two accounts, with their counts.
    private static func news(
        from before: [(reason: String, count: UInt64)], to after: [(reason: String, count: UInt64)]
    ) -> [String] {
        after.compactMap { reason, count in
            let known = before.first { $0.reason == reason }?.count ?? 0
            return count > known ? "\(reason) \(count - known)" : nil
        }
    }

    /// Why most of the messages that could not be read between two reports could not, in words; empty where there are none.
    private static func explanation(from before: StatusReport.Input?, to after: StatusReport.Input) -> String
    {
        func count(_ error: DecodeError) -> UInt64 {
            after.undecodable[Int(error.rawValue)] - (before?.undecodable[Int(error.rawValue)] ?? 0)
        }
        guard let most = DecodeError.allCases.max(by: { count($0) < count($1) }), count(most) > 0 else {
            return ""
        }
        return "\(most.label): \(most.reason); "
    }

    /// A line for clients that were refused between two reports.
    private static func refusals(
        _ socket: String, from before: Authenticator.Refusals?, to after: Authenticator.Refusals
    ) -> [String] {
        guard after.count > before?.count ?? 0, let key = after.key else { return [] }
        return [
            "\(socket) refused \(after.count - (before?.count ?? 0)) clients whose keys are not admitted, the last of which "
                + "came from \(after.address.isEmpty ? "this machine" : after.address.printable) with the public key \(key.text)"
        ]
    }

    /// A line for connections that failed between two reports, but for those of clients that were refused by their keys.
    private static func failures(
        _ socket: String, from before: (connections: ConnectionCounts, refused: UInt64),
        to after: (connections: ConnectionCounts, refused: UInt64)
    ) -> [String] {
        let failed = after.connections.failedHandshakes - before.connections.failedHandshakes
        let refused = after.refused - before.refused
        guard failed > refused else { return [] }
        return [
            "\(socket): \(failed - refused) connections failed before the first message; the other side must speak ZeroMQ, with "
                + "CURVE and the right server key where the socket asks for keys, and without where it does not"
        ]
    }

    /// A line for models that became worse than they were between two reports, and one for those that are good again.
    private static func driftLines(from before: WatchCounts, to after: WatchCounts) -> [String] {
        let (begun, ended) = (after.drifts - before.drifts, after.driftsEnded - before.driftsEnded)
        var lines: [String] = []
        if begun > 0 {
            lines.append(
                "\(begun) streams: the model's own forecasts have become worse than they were, lastingly; train it "
                    + "anew (forecastd state show says drifting of which)")
        }
        if ended > 0 { lines.append("\(ended) streams: the model's own forecasts are as they were again") }
        return lines
    }

    /// What the numbers of an input's messages told between two reports, if it is anything to speak of.
    private static func losses(
        of input: String, from before: SequenceCounts?, to after: SequenceCounts
    ) -> [String] {
        let before = before ?? SequenceCounts()
        // What was missing before may have come since.
        let lost = after.lost > before.lost ? after.lost - before.lost : 0
        let parts = [
            (lost, "messages were lost on their way here"),
            (after.repeated - before.repeated, "came again"),
            (after.restarts - before.restarts, "times a sender began its numbers anew"),
        ].compactMap { $0.0 > 0 ? "\($0.0) \($0.1)" : nil }
        return parts.isEmpty
            ? [] : ["input \(input): \(parts.joined(separator: ", ")), by the messages' sequence numbers"]
    }

    /// A line for each thing that happened on the streams' time lines between two reports.
    private static func timeLines(from before: TimeCounts, to after: TimeCounts) -> [String] {
        [
            (
                after.learned - before.learned,
                "streams had their period learned: see \"every\" in their forecasts"
            ),
            (after.renewed - before.renewed, "streams began anew after a gap that was too long to fill"),
            (after.stale - before.stale, "streams became stale: their values no longer come"),
            (
                after.turned - before.turned,
                "streams began a new time line: their sender's clock was set back"
            ),
            (after.revised - before.revised, "forecasts were revised because values came late"),
        ].compactMap { $0.0 > 0 ? "\($0.0) \($0.1)" : nil }
    }
}
