// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc

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
    static func figures(
        from before: HostCounters, to after: HostCounters, seconds: Double
    ) -> [(name: String, value: Double)] {
        let cpu = zip(before.cpu, after.cpu).map { Double($1) - Double($0) }
        let total = max(1, cpu.reduce(0, +))
        func rate(_ counter: KeyPath<HostCounters, UInt64>, per unit: Double) -> Double {
            max(0, Double(after[keyPath: counter]) - Double(before[keyPath: counter])) / unit / seconds
        }
        return [
            ("cpu.busy", 100 * (total - cpu[3] - cpu[4]) / total),
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

/// What the kernel counts, at one moment.
struct HostCounters: Equatable {
    /// Clock ticks since the start: user, nice, system, idle, iowait, irq, softirq, steal.
    var cpu: [UInt64]
    var contextSwitches: UInt64 = 0
    var processesRunning = 0.0
    var load: Double
    /// KiB.
    var memoryTotal: Double
    var memoryAvailable: Double
    var memoryCached: Double
    /// Sectors of 512 bytes.
    var diskSectorsRead: UInt64 = 0
    var diskSectorsWritten: UInt64 = 0
    var networkBytesReceived: UInt64 = 0
    var networkBytesSent: UInt64 = 0

    /// Devices that hold no data of their own: their traffic is counted on the disks below them, or is none.
    private static let notDisks = ["loop", "ram", "dm-", "sr", "md"]

    /// Reads the counters below `root`.
    init(root: String) throws(DaemonError) {
        func rows(_ path: String) throws(DaemonError) -> [[Substring]] {
            var rows: [[Substring]] = []
            let lines = try LineReader(path: root + path)
            while let line = lines.next() { rows.append(line.split { $0 == " " || $0 == ":" }) }
            return rows
        }
        func failure(_ path: String, _ field: String) -> DaemonError {
            DaemonError(
                .inputOutput, "\(root + path): expected the field \(field), which this kernel does not show")
        }
        let stat = try rows("/proc/stat")
        cpu = stat.first { $0.first == "cpu" }?.dropFirst().prefix(8).compactMap { UInt64($0) } ?? []
        guard cpu.count == 8 else { throw failure("/proc/stat", "cpu with 8 numbers") }
        contextSwitches = stat.first { $0.first == "ctxt" }?.number(1) ?? 0
        processesRunning = Double(stat.first { $0.first == "procs_running" }?.number(1) ?? 0)

        guard let load = try rows("/proc/loadavg").first?.first.flatMap({ Double($0) }) else {
            throw failure("/proc/loadavg", "1")
        }
        self.load = load

        let memory = try rows("/proc/meminfo")
        func kibibytes(_ key: String) throws(DaemonError) -> Double {
            guard let row = memory.first(where: { $0.first.map(String.init) == key }) else {
                throw failure("/proc/meminfo", key)
            }
            return Double(row.number(1))
        }
        memoryTotal = try max(1, kibibytes("MemTotal"))
        memoryAvailable = try kibibytes("MemAvailable")
        memoryCached = try kibibytes("Cached")

        for row in try rows("/proc/diskstats") where row.count > 9 && isDisk(String(row[2])) {
            diskSectorsRead += row.number(5)
            diskSectorsWritten += row.number(9)
        }
        for row in try rows("/proc/net/dev").dropFirst(2) where row.count > 9 {
            networkBytesReceived += row.number(1)
            networkBytesSent += row.number(9)
        }

        // A partition has no entry of its own in /sys/block; it would count the same bytes twice.
        func isDisk(_ device: String) -> Bool {
            !Self.notDisks.contains { device.hasPrefix($0) }
                && access("\(root)/sys/block/\(device)", F_OK) == 0
        }
    }
}

extension [Substring] {
    /// The number in a column; 0 where there is none.
    fileprivate func number(_ column: Int) -> UInt64 { column < count ? UInt64(self[column]) ?? 0 : 0 }
}
