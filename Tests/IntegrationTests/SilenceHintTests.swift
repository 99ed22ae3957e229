// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Commands to which nobody answers say after 5 s what to look at.
@Suite struct SilenceHintTests {
    /// Starts `send` with a line.
    private func send(_ arguments: [String], in directory: TemporaryDirectory) throws -> CommandProcess {
        let lines = directory.url.appending(path: "lines")
        try "plant.a {\"value\":1}\n".write(to: lines, atomically: false, encoding: .utf8)
        return try CommandProcess(
            ["-c", #"exec "$0" send --producer me "$@" < '\#(lines.path)'"#, DaemonProcess.binary.path]
                + arguments,
            program: "/bin/sh")
    }

    /// Starts a command and gives the line of its hint.
    private func hint(of command: CommandProcess) throws -> String {
        while true {
            let line = try command.nextErrorLine()
            if line.contains("for 5 s") { return line }
        }
    }

    @Test func saysThatNobodyListens() throws {
        let directory = try TemporaryDirectory()
        let endpoint = "ipc://\(directory.url.path)/nobody"
        let commands = [
            try send(["--connect", endpoint], in: directory),
            try CommandProcess(["tap", "--connect", endpoint]),
        ]
        for command in commands { #expect(try hint(of: command).contains("is the daemon running")) }
    }

    @Test func saysThatSomebodyListensWhoIsSilent() throws {
        let directory = try TemporaryDirectory()
        let peer = try Peer()
        let dealer = try peer.call(
            "open_socket", ["name": "dealer", "kind": "dealer", "bind": "tcp://127.0.0.1:*"], as: String.self)
        let publisher = try TapTests.bind("pub", at: "tcp://127.0.0.1:*", by: peer)
        let commands = [
            try send(["--connect", dealer], in: directory),
            try CommandProcess(["tap", "--connect", publisher]),
        ]
        #expect(
            try hint(of: commands[0]).contains(
                "1 messages are unacknowledged; somebody is there, but does not"))
        #expect(try hint(of: commands[1]).contains("are values coming in?"))
    }

    @Test func saysThatKeysAreWantedOrWrong() throws {
        let scenario = try SecuredScenario()
        let stranger = try scenario.strangerKey()
        let keys = ["--curve-key", stranger.file, "--server-key", scenario.server.publicText]
        let directory = scenario.directory
        let strangers = [
            try send(["--connect", scenario.meters] + keys, in: directory),
            try CommandProcess(["tap", "--connect", scenario.output] + keys),
        ]
        let keyless = [
            try send(["--connect", scenario.meters], in: directory),
            try CommandProcess(["tap", "--connect", scenario.output]),
        ]
        for command in keyless {
            #expect(try hint(of: command).contains("it asks for keys, then give --curve-key"))
        }
        for command in strangers {
            #expect(try hint(of: command).contains("have the public key of --curve-key?"))
        }
        #expect(scenario.daemon.stop() == 0)
    }
}
