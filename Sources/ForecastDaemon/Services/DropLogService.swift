// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Logging
import ServiceLifecycle
import ZeroMQ

/// Says in the log, at a limited rate, what was dropped and why.
package struct DropLogService: Service {
    let mailbox: Mailbox
    let interval: Duration
    let logger: Logger

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
        for line in Self.lines(from: said, to: report) { logger.warning("\(line)") }
        said = report
    }

    /// A line for each input and output that dropped anything between two reports, and for what was begun anew.
    package static func lines(from before: StatusReport?, to after: StatusReport) -> [String] {
        var lines: [String] = []
        for (index, input) in after.inputs.enumerated() {
            let reasons = Self.news(from: before?.inputs[index].dropsByReason ?? [], to: input.dropsByReason)
            if !reasons.isEmpty {
                lines.append(
                    "input \(input.name) dropped: \(reasons.joined(separator: ", ")) "
                        + "(forecastd tap --drops --config FILE shows them, with http.bind)")
            }
            lines += refusals(
                "input \(input.name)", from: before?.inputs[index].refusedClients, to: input.refusedClients)
            lines += losses(of: input.name, from: before?.inputs[index].sequences, to: input.sequences)
            let restored = input.restored - (before?.inputs[index].restored ?? 0)
            if restored > 0 {
                lines.append(
                    "input \(input.name): \(restored) connections were cut, because the peer sent a frame above "
                        + "maximum_message_size or what is no ZeroMQ, and made anew")
            }
        }
        for (index, output) in after.outputs.enumerated() {
            let dropped = output.dropped - (before?.outputs[index].dropped ?? 0)
            if dropped > 0 {
                lines.append("output \(output.name): \(dropped) forecasts did not reach every subscriber")
            }
            lines += refusals(
                "output \(output.name)", from: before?.outputs[index].refusedClients,
                to: output.refusedClients)
            let reasons = Self.news(
                from: before?.outputs[index].dropsByReason ?? [], to: output.dropsByReason)
            if !reasons.isEmpty {
                lines.append("output \(output.name) did not answer: \(reasons.joined(separator: ", "))")
            }
        }
        let resets = after.resets - (before?.resets ?? 0)
        if resets > 0 { lines.append("\(resets) streams were reset because their state was not finite") }
        return lines + timeLines(from: before?.time ?? TimeCounts(), to: after.time)
            + driftLines(from: before?.watch ?? WatchCounts(), to: after.watch)
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
