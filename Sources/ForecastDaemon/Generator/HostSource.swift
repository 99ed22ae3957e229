// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// This machine's own figures, read from /proc and /sys.
///
/// `Documentation/Model.md` defines each stream.
package struct HostSource: MessageSource {
    private var schedule: Schedule
    private let root: String
    private var before: HostCounters
    private var readAt: ContinuousClock.Instant

    /// Makes a source that reads the figures once per `interval`.
    ///
    /// - Parameter root: Where /proc and /sys are.
    package init(every interval: Duration, root: String = "") throws(DaemonError) {
        schedule = Schedule(every: interval)
        self.root = root
        before = try HostCounters(root: root)
        readAt = .now
    }

    package var summary: String { "this machine's own figures" }

    package mutating func nextDue() -> ContinuousClock.Instant? { schedule.next() }

    package mutating func messages(at now: Timestamp) throws(DaemonError) -> [GeneratedMessage] {
        let after = try HostCounters(root: root)
        let instant = ContinuousClock.now
        let seconds = (instant - readAt) / .seconds(1)
        let figures = Self.figures(from: before, to: after, seconds: seconds)
        (before, readAt) = (after, instant)
        return figures.map { name, value in
            .observation(stream: "host.\(name)", Observation(time: now, value: value))
        }
    }

    /// The figures between two readings that lie `seconds` apart.
    package static func figures(
        from before: HostCounters, to after: HostCounters, seconds: Double
    ) -> [(name: String, value: Double)] {
        let cpu = zip(before.cpu, after.cpu).map { Double($1) - Double($0) }
        let sum = cpu.reduce(0, +)
        let total = max(1, sum)
        func rate(_ counter: KeyPath<HostCounters, UInt64>, per unit: Double) -> Double {
            max(0, Double(after[keyPath: counter]) - Double(before[keyPath: counter])) / unit / seconds
        }
        return [
            ("cpu.busy", 100 * (sum - cpu[3] - cpu[4]) / total),
            ("cpu.system", 100 * (cpu[2] + cpu[5] + cpu[6]) / total),
            ("load.1m", after.load),
            ("memory.used", 100 * (1 - after.memoryAvailable / after.memoryTotal)),
            ("memory.cached", after.memoryCached / 1024),
            ("disk.read", rate(\.diskSectorsRead, per: 2)),
            ("disk.write", rate(\.diskSectorsWritten, per: 2)),
            ("network.received", rate(\.networkBytesReceived, per: 1024)),
            ("network.sent", rate(\.networkBytesSent, per: 1024)),
            ("processes.running", after.processesRunning),
            ("context_switches", rate(\.contextSwitches, per: 1)),
        ].map { ($0.0, ($0.1 * 1000).rounded() / 1000) }
    }
}
