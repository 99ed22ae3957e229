// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lets a daemon that keeps failing start ever more seldom.
///
/// systemd 252 always waits the same time before it starts a service again. So starts are counted in memory that it keeps
/// for the service while it restarts it, in its descriptor store. An end without failure, a longer run and a stop of the
/// service begin anew.
package struct StartBackOff: Sendable {
    /// The name of the memory in the descriptor store.
    package static let name = "starts"
    /// A run of this length is no failed start.
    package static let sufficientRun = Duration.seconds(300)
    /// The longest pause before a start.
    package static let longestPause = Duration.seconds(60)

    /// What is kept, as the machine has it.
    private struct Record {
        var failures: Int32 = 0
        /// When the last start was, in seconds since the machine began.
        var time: Int64 = 0
    }

    private let descriptor: Int32
    /// Starts before this one, each of which ended soon and badly.
    package let failures: Int

    /// Takes up the count that the service manager kept, or lets it keep a new one; nil where there is no service manager.
    init?(_ passed: inout PassedDescriptors, notifier: ServiceNotifier) {
        if let kept = passed.take(Self.name) {
            self.init(descriptor: kept)
        } else {
            guard notifier.isHeard else { return nil }
            // Memory without a name, as soon as it is open.
            let name = "/forecastd.\(getpid()).\(Self.name)"
            let descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
            guard descriptor >= 0 else { return nil }
            shm_unlink(name)
            notifier.store(descriptor, name: Self.name)
            self.init(descriptor: descriptor)
        }
    }

    /// Reads the count in the memory or file of `descriptor`, which stays open.
    ///
    /// - Parameter now: Time since the machine began.
    package init(descriptor: Int32, now: Duration = Self.uptime) {
        self.descriptor = descriptor
        var record = Record()
        let isRead =
            withUnsafeMutableBytes(of: &record) { pread(descriptor, $0.baseAddress, $0.count, 0) }
            == MemoryLayout<Record>.size
        let isRecent = isRead && (.zero..<Self.sufficientRun).contains(now - .seconds(record.time))
        failures = isRecent ? max(0, Int(record.failures)) : 0
    }

    /// How long to wait before this start: not at all after one failure, 1 s after two, then twice as long each time.
    package var pause: Duration {
        failures < 2 ? .zero : min(.seconds(1 << min(failures - 2, 10)), Self.longestPause)
    }

    /// Counts this start, which is now.
    package func countStart(now: Duration = Self.uptime) {
        let count = Int32(clamping: failures + 1)
        _ = withUnsafeBytes(of: Record(failures: count, time: now.components.seconds)) {
            pwrite(descriptor, $0.baseAddress, $0.count, 0)
        }
    }

    /// Forgets all starts: this one ends as it should.
    package func reset() { ftruncate(descriptor, 0) }

    /// The time since the machine began.
    package static var uptime: Duration { .nanoseconds(MonotonicClock.nanoseconds()) }
}
