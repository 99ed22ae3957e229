// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

// The end of a turn: connections that were cut, and what is reported.
extension PipelineLoop where Stage: ~Copyable {
    mutating func endTurn(at now: Timestamp) throws(ZeroMQError) {
        mailbox.markTurn(of: 0)
        if Self.isOver(Self.restoreInterval, since: restoreTime, at: now) {
            restoreTime = now
            for input in inputs.indices {
                let count = try inputs[input].restoreConnections()
                report.inputs[input].restored += UInt64(count)
                let isChanged = inputs[input].connectionCounts != report.inputs[input].connections
                hasNews = hasNews || count > 0 || isChanged
            }
            hasNews = try outputs.restoreConnections() || hasNews
        }
        if hasNews && Self.isOver(Self.reportInterval, since: reportTime, at: now) { publishReport(at: now) }
    }

    /// Whether so many nanoseconds have passed, or the clock was set back.
    private static func isOver(_ interval: Int64, since begin: Timestamp, at now: Timestamp) -> Bool {
        let elapsed = now.seconds(since: begin) * 1e9
        return elapsed >= Double(interval) || elapsed < 0
    }

    mutating func publishReport(at now: Timestamp) {
        stage.count(into: &report)
        outputs.count(into: &report)
        countRefusedClients()
        for input in inputs.indices {
            report.inputs[input].sequences = inputs[input].sequenceCounts
            report.inputs[input].producers = inputs[input].producerCounts
            report.inputs[input].connections = inputs[input].connectionCounts
        }
        reportTime = now
        hasNews = false
        mailbox.publish(report, of: 0)
    }

    private mutating func countRefusedClients() {
        switch authenticator {
        case .some(let authenticator): report.countRefusedClients(of: authenticator)
        case nil: break
        }
    }
}
