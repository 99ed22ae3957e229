// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import ServiceLifecycle

/// Feeds the service manager's watchdog as long as every pipeline makes progress, and keeps its status line.
package struct WatchdogService: Service {
    let mailbox: Mailbox
    let notifier: ServiceNotifier

    /// Runs until shutdown.
    package func run() async throws {
        let watchdog = notifier.watchdogMicroseconds.map { Duration.microseconds(max($0 / 3, 1000)) }
        let interval = min(watchdog ?? .seconds(5), .seconds(5))
        await cancelWhenGracefulShutdown {
            var turns = mailbox.turnCounts
            var observations: UInt64 = 0
            var time = ContinuousClock.now
            while (try? await Task.sleep(for: interval)) != nil {
                let newest = mailbox.turnCounts
                if zip(newest, turns).allSatisfy({ $0 > $1 }) { notifier.watchdog() }
                turns = newest
                // An idle pipeline sleeps longer than a short watchdog waits: ask it for a turn.
                mailbox.wake()
                guard let report = mailbox.newestReport else { continue }
                let now = ContinuousClock.now
                let rate = Double(report.observations - observations) / ((now - time) / .seconds(1))
                (observations, time) = (report.observations, now)
                notifier.status(Self.statusLine(report, rate: rate))
            }
        }
    }

    /// What `systemctl status` shows.
    package static func statusLine(_ report: StatusReport, rate: Double) -> String {
        "\(report.streams) streams, \(Int(rate.rounded())) observations a second, \(report.drops) dropped"
            + (report.state?.isFull == true ? "; DISK FULL: what comes now would be lost by a restart" : "")
    }
}
