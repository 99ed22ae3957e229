// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the service manager hears from `forecastd run`.
@Suite(.serialized) struct ServiceManagerTests {
    /// A pipeline without any input is at work all the same: its watchdog is fed, however short.
    @Test func anIdleDaemonFeedsItsWatchdog() throws {
        let directory = try TemporaryDirectory()
        try Peer().perform(
            "model", ["path": directory.url.appending(path: "model.safetensors").path, "seed": 1])
        let daemon = try DaemonProcess(
            StartTests.yaml(), in: directory, environment: ["WATCHDOG_USEC": "150000"])
        var fed = 0
        var statuses = Set<String>()
        while fed < 10 {
            let message = try daemon.nextNotification()
            if message == "WATCHDOG=1" { fed += 1 } else { statuses.insert(message) }
        }
        #expect(statuses == ["STATUS=0 streams, 0 observations a second, 0 dropped"])
        #expect(daemon.stop(SIGINT) == 0)
        #expect(try daemon.notificationsInWaiting().contains("STOPPING=1"))
    }

    /// A start that ends because there is no control socket counts as one, and those after it wait.
    @Test func aStartWithoutControlSocketCounts() throws {
        let directory = try TemporaryDirectory()
        func path(_ name: String) -> String { directory.url.appending(path: name).path }
        try Peer().perform("model", ["path": path("model.safetensors"), "seed": 1])
        for name in ["control", "starts"] { try Data("none".utf8).write(to: URL(filePath: path(name))) }
        let yaml = StartTests.yaml() + "\ncontrol: {path: \(path("control"))}\n"
        try yaml.write(toFile: path("daemon.yaml"), atomically: false, encoding: .utf8)
        let service = """
            exec 3<>"$1"
            LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=starts exec "$2" run --config "$3"
            """
        for count in 1...3 {
            let daemon = try CommandProcess(
                ["-c", service, "sh", path("starts"), DaemonProcess.binary.path, path("daemon.yaml")],
                program: "/bin/sh")
            let errors = try daemon.errorRest().joined()
            #expect(try daemon.end() == 73 && errors.contains("is no socket"), "\(errors)")
            #expect(errors.contains("\(count - 1) starts in a row ended soon and badly") == (count == 3))
            #expect(try Data(contentsOf: URL(filePath: path("starts"))).first == UInt8(count))
        }
    }

    /// Another process's watchdog is not ours to feed.
    @Test(arguments: [SIGINT, SIGTERM])
    func stoppingIsAllThatIsSaid(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        try Peer().perform(
            "model", ["path": directory.url.appending(path: "model.safetensors").path, "seed": 1])
        let daemon = try DaemonProcess(
            StartTests.yaml(), in: directory, environment: ["WATCHDOG_USEC": "3000", "WATCHDOG_PID": "1"])
        #expect(daemon.stop(signal) == 0)
        let messages = try daemon.notificationsInWaiting().filter { !$0.hasPrefix("STATUS=") }
        #expect(messages == ["STOPPING=1"])
    }
}
