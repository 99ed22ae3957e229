// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Messages with their senders' numbers, by real sockets.
@Suite(.serialized) struct SequenceTests {
    static func frame(_ number: UInt64, bytes: Int) -> String {
        String(
            String.UnicodeScalarView(
                (0..<bytes).map { Unicode.Scalar(UInt8(truncatingIfNeeded: number >> (8 * $0))) }))
    }

    /// A message of two values is one message; one that cannot be understood has come, too.
    @Test(arguments: ["1", "3"]) func lostMessagesAreCounted(pipelines: String) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(pipelines: pipelines, more: "http: {bind: 127.0.0.1:\(port)}")
        func message(
            _ topic: String, _ number: UInt64, bytes: Int, _ payload: String = #"{"values":{"x":1,"y":2}}"#
        )
            -> [String]
        { [topic, payload, Self.frame(number, bytes: bytes)] }
        try scenario.send([
            message("plant.a", 1, bytes: 8), message("plant.a", 2, bytes: 8, "{"),
            message("plant.a", 6, bytes: 8),
            message("plant.a", 6, bytes: 8), message("plant.a", 5, bytes: 8),
            message("plant.b", UInt64(UInt32.max), bytes: 4), message("plant.b", 2, bytes: 4),
            message("plant.c", 9_000_000, bytes: 8), message("plant.c", 0, bytes: 8),
        ])
        #expect(try scenario.receive(16).count == 16)
        let shown = try DaemonProcess.run(
            ["state", "show", "plant.a.x", "--url", "http://127.0.0.1:\(port)"], in: scenario.directory)
        let account =
            "lost           2 messages of plant.a on input plant; 1 came again, 1 late, numbers began anew 0 times"
        #expect(shown.output.contains(account), "\(shown)")
        #expect(shown.output.contains("window         4 values, mean 1.0, std 0.0"), "\(shown)")
        #expect(scenario.daemon.stop() == 0)
        let log = scenario.daemon.logText
        let line =
            "input plant: 4 messages were lost on their way here, 1 came again, 1 times a sender began its numbers "
            + "anew, by the messages' sequence numbers"
        #expect(log.contains(line), "\(log)")
        #expect(log.contains("dropped: syntax 1 "), "\(log)")
    }
}
