// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Inputs that lose nothing, and the clients that speak with them.
@Suite(.serialized) struct LossFreeTests {
    static let python = DaemonProcess.root.appending(path: "Clients/python/forecastd_producer.py").path
    static let clients = [
        ["/usr/bin/python3", python, "--connect", "{endpoint}", "--producer", "{producer}"],
        [DaemonProcess.binary.path, "send", "--connect", "{endpoint}", "--producer", "{producer}"],
    ]

    static func run(_ script: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [DaemonProcess.root.appending(path: script).path] + arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(arguments: clients) func clientsConform(client: [String]) throws {
        let (status, text) = try Self.run("Clients/conformance.py", ["--"] + client)
        #expect(status == 0 && text.contains("right  sends all in order"), "\(text)")
    }

    /// A client that does not number its messages, keep them or ask is found out.
    @Test func aClientThatDoesNotConformIsFoundOut() throws {
        let (status, text) = try Self.run("Clients/conformance.py", ["--only", "in_order", "--", "/bin/cat"])
        #expect(status != 0 && text.contains("wrong  sends all in order"), "\(text)")
    }

    /// A line whose first word is no id would be dropped by the daemon: `send` says so, and sends the others.
    @Test func linesWithoutAnIdAreNotSent() throws {
        let scenario = try SecuredScenario()
        let errors = scenario.directory.url.appending(path: "errors")
        let lines = [#"plant.a {"value":1}"#, "", #"{"id":"plant.b"} 2"#, #"plant.c {"value":3}"#, " 4"]
        let status = try scenario.send(
            lines.map { $0 + "\n" }.joined(), as: "teller",
            by: ["/bin/sh", "-c", #"exec "$0" send "$@" 2>\#(errors.path)"#, DaemonProcess.binary.path])
        #expect(status == 65)
        #expect(try scenario.streams() == ["plant.a", "plant.c"])
        let said = try String(contentsOf: errors, encoding: .utf8).split(separator: "\n")
        try #require(said.count == 2, "\(said)")
        #expect(
            said[0].hasPrefix("send: standard input:3: ")
                && said[0].contains(#"found "{\"id\":\"plant.b\"}" as the id"#)
                && said[0].hasSuffix("such lines so far: 2"),
            "\(said)")
        #expect(said[1] == "forecastd: send: lines not sent, for want of a valid id: 2; all others were")
        #expect(scenario.daemon.stop() == 0)
    }

    /// Each value counts exactly once, and forecasts are those of a daemon that nothing happened to; peers that say anything
    /// do it no harm.
    @Test func killsLoseNothingAndRepeatNothing() throws {
        let (status, text) = try Self.run(
            "Tests/Faults/daemon_faults.py", ["--only", "lossfree", "--kills", "10"])
        #expect(status == 0 && text.contains("10 kills") && text.contains("hostile peers: "), "\(text)")
    }
}
