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

    /// Each value counts exactly once, and forecasts are those of a daemon that nothing happened to; peers that say anything
    /// do it no harm.
    @Test func killsLoseNothingAndRepeatNothing() throws {
        let (status, text) = try Self.run(
            "Tests/Faults/daemon_faults.py", ["--only", "lossfree", "--kills", "10"])
        #expect(status == 0 && text.contains("10 kills") && text.contains("hostile peers: "), "\(text)")
    }
}
