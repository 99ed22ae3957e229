// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Testing

/// Datagrams to the service manager, received on a real socket.
@Suite struct ServiceNotifierTests {
    /// A socket that stands in for the service manager's.
    final class Listener {
        private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)

        /// Listens at a path, or at an abstract address if it begins with @.
        init(at name: String) throws {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(name.utf8)
            if name.hasPrefix("@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(status == 0, "cannot bind \(name)")
        }

        deinit { close(descriptor) }

        /// The datagrams that have arrived.
        func take() -> [String] {
            var datagrams: [String] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { return datagrams }
                datagrams.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
    }

    static func notifier(_ environment: [String: String]) -> ServiceNotifier {
        ServiceNotifier { environment[$0] }
    }

    @Test(arguments: [false, true])
    func eachCallIsOneDatagram(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = (isAbstract ? "@" : "") + folder.path + "/notify"
        let listener = try Listener(at: name)
        let notifier = Self.notifier(["NOTIFY_SOCKET": name])
        notifier.ready(status: "waiting")
        notifier.status("6 streams")
        notifier.watchdog()
        notifier.stopping()
        #expect(
            listener.take() == ["READY=1\nSTATUS=waiting", "STATUS=6 streams", "WATCHDOG=1", "STOPPING=1"])
    }

    /// What a manager leaves unread is lost, and holds nobody up.
    @Test func aFullQueueIsNotWaitedFor() throws {
        let name = try TemporaryFolder().path + ".notify"
        defer { unlink(name) }
        let listener = try Listener(at: name)
        let notifier = Self.notifier(["NOTIFY_SOCKET": name])
        for number in 0..<5000 { notifier.status("\(number)") }
        let received = listener.take()
        #expect(received.first == "STATUS=0" && received.count < 5000)
    }

    /// A manager that is not there, or an address that is none, is no reason to fail.
    @Test(arguments: ["/nowhere/notify", "vsock:2:1234", "", "/" + String(repeating: "x", count: 200)])
    func anAddressWithoutAListenerIsPassedOver(address: String) {
        let notifier = Self.notifier(["NOTIFY_SOCKET": address])
        notifier.ready(status: "waiting")
        notifier.stopping()
    }

    @Test(
        arguments: [
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "30000000"], 30_000_000),
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "\(getpid())"], 5),
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"], nil),
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "0"], nil),
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "-5"], nil),
            (["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "soon"], nil),
            (["NOTIFY_SOCKET": "/n"], nil),
            (["WATCHDOG_USEC": "30000000"], nil),
            ([:], nil),
        ] as [([String: String], Int?)])
    func theWatchdogsTimeIsRead(environment: [String: String], microseconds: Int?) {
        #expect(Self.notifier(environment).watchdogMicroseconds == microseconds)
    }
}
