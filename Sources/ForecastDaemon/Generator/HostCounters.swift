// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel counts, at one moment.
package struct HostCounters: Equatable {
    /// Clock ticks since the start: user, nice, system, idle, iowait, irq, softirq, steal.
    var cpu: [UInt64]
    var contextSwitches: UInt64
    var processesRunning: Double
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
    package init(root: String) throws(DaemonError) {
        func rows(_ path: String) throws(DaemonError) -> [[Substring]] {
            var rows: [[Substring]] = []
            let lines = try LineReader(path: root + path)
            while let line = try lines.next() { rows.append(line.split { $0 == " " || $0 == ":" }) }
            return rows
        }
        func failure(_ path: String, _ field: String) -> DaemonError {
            DaemonError(
                .inputOutput, "\(root + path): expected the field \(field), which this kernel does not show")
        }
        func number(
            _ key: String, in rows: [[Substring]], of path: String
        ) throws(DaemonError) -> UInt64 {
            guard let row = rows.first(where: { $0.first.map(String.init) == key }), row.count > 1,
                let number = UInt64(row[1])
            else { throw failure(path, key) }
            return number
        }
        let stat = try rows("/proc/stat")
        cpu = stat.first { $0.first == "cpu" }?.dropFirst().prefix(8).compactMap { UInt64($0) } ?? []
        guard cpu.count == 8 else { throw failure("/proc/stat", "cpu with 8 numbers") }
        contextSwitches = try number("ctxt", in: stat, of: "/proc/stat")
        processesRunning = Double(try number("procs_running", in: stat, of: "/proc/stat"))

        guard let load = try rows("/proc/loadavg").first?.first.flatMap({ Double($0) }) else {
            throw failure("/proc/loadavg", "1")
        }
        self.load = load

        let memory = try rows("/proc/meminfo")
        memoryTotal = max(1, Double(try number("MemTotal", in: memory, of: "/proc/meminfo")))
        memoryAvailable = Double(try number("MemAvailable", in: memory, of: "/proc/meminfo"))
        memoryCached = Double(try number("Cached", in: memory, of: "/proc/meminfo"))

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
