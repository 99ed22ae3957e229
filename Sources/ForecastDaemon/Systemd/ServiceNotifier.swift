// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells the service manager how the daemon is: one datagram per message to `NOTIFY_SOCKET`.
///
/// The protocol is that of sd_notify(3), which is stable and needs no library. Without `NOTIFY_SOCKET` in
/// the environment every call does nothing.
package struct ServiceNotifier: Sendable {
    private let address: LocalDatagram?
    /// How often the watchdog wants to hear of progress, in microseconds; nil where it does not watch.
    package let watchdogMicroseconds: Int?

    /// Whether there is a service manager that hears.
    var isHeard: Bool { address != nil }

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from `environment`.
    package init(environment: (String) -> String?) {
        address = environment("NOTIFY_SOCKET").flatMap { LocalDatagram(path: $0) }
        let isForUs = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let interval = environment("WATCHDOG_USEC").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        watchdogMicroseconds = address != nil && isForUs ? interval : nil
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

    /// Lets the service manager keep an open descriptor, and give it to the next start under its name.
    func store(_ descriptor: Int32, name: String) {
        address?.send(Array("FDSTORE=1\nFDNAME=\(name)".utf8), descriptor: descriptor)
    }

    /// Lets the service manager close what it keeps under a name.
    func forget(_ name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    private func send(_ message: String) { address?.send(Array(message.utf8)) }
}
