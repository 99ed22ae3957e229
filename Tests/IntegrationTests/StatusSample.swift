// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// What the daemon says of its first output over HTTP.
struct StatusSample: Decodable {
    struct Replay: Decodable {
        var requests, messages, too_old, other_epoch: UInt64
    }
    var published, dropped, repeated: UInt64
    var drops: [String: UInt64]
    var replay: Replay?

    private struct Status: Decodable {
        var outputs: [StatusSample]
    }

    /// Asks a daemon that answers at `port` of this machine.
    static func newest(port: UInt16) throws -> StatusSample {
        let answer = try HTTPExchange.get("/api/v1/status", port: Int(port))
        return try JSONDecoder().decode(Status.self, from: Data(answer.body.utf8)).outputs[0]
    }
}

/// Evaluates a condition again and again until it holds, for at most two minutes.
func eventually(_ condition: String, _ holds: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(120)
    while try !holds() {
        guard ContinuousClock.now < end else {
            throw DaemonProcess.Failure(description: "not within 120 s: \(condition)")
        }
    }
}
