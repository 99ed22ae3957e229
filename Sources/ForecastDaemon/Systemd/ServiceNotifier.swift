// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells the service manager how the daemon is: one datagram per message to `NOTIFY_SOCKET`.
///
/// The protocol is that of sd_notify(3), which is stable and needs no library. Without `NOTIFY_SOCKET` in
/// the environment every call does nothing.
package struct ServiceNotifier: Sendable {
    private let path: String?
    /// How often the watchdog wants to hear of progress, in microseconds; nil where it does not watch.
    package let watchdogMicroseconds: Int?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from `environment`.
    package init(environment: (String) -> String?) {
        path = environment("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let interval = environment("WATCHDOG_USEC").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        watchdogMicroseconds = path != nil && isForUs ? interval : nil
    }

    /// Start-up is over.
    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// Start-up goes on, and may take another minute.
    package func starting(status: String) { send("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=\(status)") }

    /// A reload has begun; `ready` ends it.
    package func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.nanoseconds() / 1000)")
    }

    /// Shutdown has begun.
    package func stopping() { send("STOPPING=1") }

    /// One line for `systemctl status`.
    package func status(_ text: String) { send("STATUS=\(text)") }

    /// Every loop has made progress.
    package func watchdog() { send("WATCHDOG=1") }

    private func send(_ message: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }  // an abstract address
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let payload = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A manager that does not read, whose queue is full, is not waited for.
                _ = sendto(
                    descriptor, payload, payload.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), $0,
                    socklen_t(length))
            }
        }
    }
}
