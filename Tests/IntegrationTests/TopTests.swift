// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `forecastd top` in a real terminal, which tmux plays.
@Suite(.serialized) struct TopTests {
    /// A shell in a terminal of its own.
    final class Pane {
        /// Held, so that the socket is there until the server has ended.
        private let directory: TemporaryDirectory
        private var socket: String { directory.url.appending(path: "tmux").path }
        /// The server that tmux leaves behind must not keep what tells of the end of other processes of the test.
        private static let start = """
            import os, sys; os.closerange(3, 65536)
            os.execve("/usr/bin/tmux", ["tmux"] + sys.argv[1:],
                {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
            """

        init(_ directory: TemporaryDirectory, width: Int, height: Int) throws {
            self.directory = directory
            try tmux(
                "-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)", "env PS1='$ ' sh"
            )
            // Keys that come before the shell are echoed above its prompt, which then stands before the output.
            try wait("the prompt") { $0.hasPrefix("$") }
        }

        deinit { _ = try? tmux("kill-server") }

        @discardableResult
        private func tmux(_ arguments: String...) throws -> String {
            let command = try CommandProcess(
                ["-c", Self.start, "-S", socket] + arguments, program: "/usr/bin/python3")
            let lines = try command.rest()
            _ = try command.end()
            return lines.joined(separator: "\n")
        }

        func type(_ keys: String...) throws {
            for key in keys { try tmux("send-keys", key) }
        }

        func run(_ command: String) throws {
            try tmux("send-keys", "-l", command)
            try tmux("send-keys", "Enter")
        }

        func resize(width: Int, height: Int) throws {
            try tmux("resize-window", "-x", "\(width)", "-y", "\(height)")
        }

        var lines: [String] {
            get throws {
                try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map(
                    String.init)
            }
        }

        var isAlternate: Bool { get throws { try tmux("display", "-p", "#{alternate_on}").hasPrefix("1") } }

        /// The process that the shell has started.
        var child: pid_t {
            get throws {
                let shell = try tmux("display", "-p", "#{pane_pid}").trimmingCharacters(
                    in: .whitespacesAndNewlines)
                let children = try String(
                    contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
                return try #require(pid_t(children.trimmingCharacters(in: .whitespaces)))
            }
        }

        /// Waits until a line of the screen is as `holds` says.
        func wait(_ condition: String, _ holds: (String) -> Bool) throws {
            try eventually("\(condition): \((try? lines) ?? [])") { try lines.contains(where: holds) }
        }
    }

    static func scenario() throws -> (Scenario, port: UInt16) {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, horizon: 4, adapt: light",
            more: "http: {bind: 127.0.0.1:\(port)}")
        for second in 0..<30 {
            try scenario.send(
                (0..<30).map {
                    ForecastTests.json("plant.\($0)", Double($0) + Double(second % 5), at: second)
                })
        }
        _ = try scenario.receive(900)
        return (scenario, port)
    }

    @Test func streamsAreWatched() throws {
        let (scenario, port) = try Self.scenario()
        let pane = try Pane(scenario.directory, width: 110, height: 20)
        let command =
            "\(DaemonProcess.binary.path) top --interval 0.2 --url http://127.0.0.1:\(port); echo status $?"
        try pane.run(command)
        try pane.wait("the list") { $0.hasPrefix("plant.0 ") }
        #expect(try pane.isAlternate)
        #expect(try pane.lines.contains { $0.hasPrefix("stream*") })
        try pane.wait("31 streams") { $0.contains("31 streams") }
        try pane.type("/", "2", "9", "Enter")
        try pane.wait("one stream is left") { $0.hasPrefix("plant.29 ") }
        try eventually("no other") { try !pane.lines.contains { $0.hasPrefix("plant.0 ") } }
        try scenario.send([ForecastTests.json("plant.29", 1234.5, at: 31)])
        try pane.wait("its new value") { $0.hasPrefix("plant.29 ") && $0.contains("1234.5") }
        try pane.type("Enter")
        try pane.wait("its page") { $0.hasPrefix("newest value   1234.5") }
        try pane.wait("its chart") { $0.contains("\u{2022}") && $0.contains("\u{2502}") }
        try pane.resize(width: 60, height: 12)
        try eventually("another size") {
            let lines = try pane.lines
            return lines.contains { $0.hasPrefix("esc back") } && lines.allSatisfy { $0.count <= 60 }
        }
        try pane.type("Escape")
        try pane.wait("the list again") { $0.hasPrefix("plant.29 ") }
        try pane.type("q")
        try Self.expectRestored(pane, status: 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// However it ends, the terminal is what it was.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV]) func theTerminalIsGivenBack(signal: Int32)
        throws
    {
        let (scenario, port) = try Self.scenario()
        let pane = try Pane(scenario.directory, width: 90, height: 24)
        let url = "http://127.0.0.1:\(port)"
        try pane.run("\(DaemonProcess.binary.path) top --interval 0.2 --url \(url); echo status $?")
        try pane.wait("the list") { $0.hasPrefix("plant.0 ") }
        #expect(kill(try pane.child, signal) == 0)
        try Self.expectRestored(pane, status: signal == SIGSEGV ? 139 : 0)
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func aDaemonThatIsGoneIsSaid() throws {
        let (scenario, port) = try Self.scenario()
        let pane = try Pane(scenario.directory, width: 90, height: 24)
        let command =
            "\(DaemonProcess.binary.path) top --interval 0.2 --url http://127.0.0.1:\(port); echo status $?"
        try pane.run(command)
        try pane.wait("the list") { $0.hasPrefix("plant.0 ") }
        #expect(scenario.daemon.stop() == 0)
        try pane.wait("old figures") { $0.hasPrefix("OLD: no daemon answers") }
        #expect(try pane.lines.contains { $0.hasPrefix("plant.0 ") })
        try pane.type("q")
        try Self.expectRestored(pane, status: 0)
        try pane.run(command)
        try pane.wait("no daemon at the start") { $0.hasPrefix("status 69") }
    }

    private static func expectRestored(_ pane: Pane, status: Int) throws {
        try pane.wait("the shell") { $0.hasPrefix("status \(status)") }
        #expect(try !pane.isAlternate)
        try pane.run("stty -a")
        try pane.wait("lines and echo") { $0.contains(" icanon") }
        #expect(try pane.lines.contains { $0.contains(" echo ") })
    }

    @Test func withoutATerminalItSaysSo() throws {
        let (scenario, port) = try Self.scenario()
        let ended = try DaemonProcess.run(
            ["top", "--url", "http://127.0.0.1:\(port)"], in: scenario.directory)
        #expect(ended.status == 64 && ended.errors.contains("expected a terminal"), "\(ended)")
        #expect(scenario.daemon.stop() == 0)
    }
}
