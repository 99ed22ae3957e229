// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a daemon with keys does not enter upon: talk that asks for less than proof, and keys that are not its own alone.
@Suite(.serialized) struct CurveRefusalTests {
    /// What `peer.py` opens a connection with, byte by byte: other mechanisms, CURVE in the greeting alone, and ZMTP of before there
    /// were any.
    static let openings = ["null", "plain", "curve", "version 1", "version 2"]

    @Test(arguments: openings) func nobodyTalksItDown(opening: String) throws {
        let scenario = try SecuredScenario()
        for (kind, endpoint, name) in [
            ("push", scenario.input, #"input_handshake_failures_total{input="plant"}"#),
            ("dealer", scenario.meters, #"input_handshake_failures_total{input="meters"}"#),
            ("sub", scenario.output, #"output_handshake_failures_total{output="forecasts"}"#),
        ] {
            // At most its greeting, and nothing that a socket without keys would say next.
            let heard = try Self.talkDown(endpoint, kind, opening, scenario.peer)
            #expect(["", "CURVE"].contains(heard[0]) && heard[1] == "", "\(kind)")
            // libzmq says nothing of those who speak an older version.
            if opening.hasPrefix("version") { continue }
            try eventually("the \(kind) is counted") { try scenario.figure("forecastd_" + name) > 0 }
        }
        try Self.overhear(scenario.output, opening, scenario.peer)
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.join("in", to: "out", stream: "plant.a")
        #expect(try !Self.overheard(scenario.peer).contains("plant.a"))
        #expect(try scenario.streams() == ["plant.a"])
        #expect(try Self.drops(scenario) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Where no proof is asked for the same bytes are heard.
    @Test(arguments: ["null", "version 1", "version 2"]) func withoutKeysItIsTalkedWith(opening: String)
        throws
    {
        let scenario = try SecuredScenario(inputKeys: ", insecure: true", outputKeys: ", insecure: true")
        _ = try Self.talkDown(scenario.input, "push", opening, scenario.peer)
        try eventually("the value comes") { try scenario.streams() == ["evil"] }
        // No producer speaks so.
        _ = try Self.talkDown(scenario.meters, "dealer", opening, scenario.peer)
        try eventually("it is dropped") { try Self.drops(scenario) > 0 }
        try Self.overhear(scenario.output, opening, scenario.peer)
        try eventually("its forecasts are heard") {
            _ = try Self.talkDown(scenario.input, "push", opening, scenario.peer)
            return try Self.overheard(scenario.peer).contains("evil")
        }
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func aKeyThatOthersCanReadStartsNothing() throws {
        let scenario = try SecuredScenario()
        #expect(scenario.daemon.stop() == 0)
        let file = scenario.server.file
        for (mode, status, sentence) in [
            (0o644, 77, "expected a file that its owner alone can read (mode 0600), found mode 0644"),
            (nil, 66, "No such file"),
        ] as [(Int?, Int32, String)] {
            if let mode {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            } else {
                try FileManager.default.removeItem(atPath: file)
            }
            for command in ["check", "run"] {
                let refused = try DaemonProcess.run(
                    [command, "--config", scenario.daemon.configurationFile.path], in: scenario.directory)
                #expect(refused.status == status, "\(command): \(refused.errors)")
                #expect(
                    refused.errors.contains("curve.secret_key: \(file): ")
                        && refused.errors.contains(sentence), "\(refused.errors)")
            }
        }
    }

    /// What `meters` has let in and could not use.
    private static func drops(_ scenario: SecuredScenario) throws -> Double {
        let metrics = try PrometheusTests.metrics(port: scenario.httpPort)
        return metrics.split(separator: "\n").filter {
            $0.hasPrefix(#"forecastd_input_drops_total{input="meters""#)
        }
        .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }

    /// Subscribes to the forecasts so, and stays.
    private static func overhear(_ endpoint: String, _ opening: String, _ peer: Peer) throws {
        try peer.perform("overhear", ["port": try port(of: endpoint), "opening": opening])
    }

    /// What `overhear` has heard until now.
    private static func overheard(_ peer: Peer) throws -> String {
        try peer.call("overheard", [:], as: [String].self).joined()
    }

    private static func port(of endpoint: String) throws -> Int {
        try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
    }

    private static func talkDown(
        _ endpoint: String, _ kind: String, _ opening: String, _ peer: Peer
    ) throws -> [String] {
        try peer.call("talk_down", ["port": try port(of: endpoint), "kind": kind, "opening": opening])
    }
}
