// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import Monitoring
import SwiftOverlayShims  // where the importer puts timeval and timespec

/// What the system says of this process; what it does not say is nil.
struct ProcessFigures {
    /// Bytes that are in memory, and that have an address.
    var residentBytes, virtualBytes: Int?
    /// Seconds of processor time so far.
    var processorSeconds: Double?
    /// Descriptors that are open, and how many may be.
    var openDescriptors, descriptorsLimit: Int?
    /// When the process began, in seconds since 1970.
    var start: Double?

    /// Asks the system now.
    init() {
        let pages = Self.words("/proc/self/statm")
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        if pages.count > 1 {
            (virtualBytes, residentBytes) = (Int(pages[0]).map { $0 * page }, Int(pages[1]).map { $0 * page })
        }
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            descriptorsLimit = Int(clamping: limit.rlim_cur)
        }
        openDescriptors = Self.descriptorCount
        start = Self.start
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    private static func words(_ path: String) -> [Substring] {
        ((try? LineReader(path: path).next()) ?? "").split(separator: " ")
    }

    private static var descriptorCount: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count - 3  // ".", ".." and the folder itself
    }

    /// The time of the machine's start, and ticks from then to the process's.
    ///
    /// A service sees nothing in /proc but its own folder (`ProcSubset=pid`): the former comes from the clocks.
    private static let start: Double? = {
        guard let line = try? LineReader(path: "/proc/self/stat").next(),
            let name = line.lastIndex(of: ")")
        else { return nil }
        let fields = line[name...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
        var uptime = timespec()
        clock_gettime(CLOCK_BOOTTIME, &uptime)
        let machineStart =
            Double(WallClock.now().nanoseconds) / 1e9 - Double(uptime.tv_sec) - Double(uptime.tv_nsec) / 1e9
        return machineStart + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    /// The figures, by the names that Prometheus has for those of any process.
    var metrics: [MetricFamily] {
        [
            MetricFamily(
                "process_cpu_seconds_total", .counter, "Processor time, of all threads.", processorSeconds),
            MetricFamily(
                "process_resident_memory_bytes", .gauge, "Memory in use.", residentBytes.map { Double($0) }),
            MetricFamily(
                "process_virtual_memory_bytes", .gauge, "Address space in use; tables reserve much of it.",
                virtualBytes.map { Double($0) }),
            MetricFamily(
                "process_open_fds", .gauge, "Descriptors that are open.", openDescriptors.map { Double($0) }),
            MetricFamily(
                "process_max_fds", .gauge, "The most descriptors that may be open.",
                descriptorsLimit.map { Double($0) }),
            MetricFamily("process_start_time_seconds", .gauge, "When the process began.", start),
        ]
    }
}
