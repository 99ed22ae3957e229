// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A peer brings as many streams as `streams_per_peer` says, and takes nothing from the others.
@Suite(.serialized) struct PeerSharesTests {
    @Test func eachKeyHasAShareOfTheStreams() throws {
        let scenario = try SecuredScenario(inputKeys: ", streams_per_peer: 2")
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.open("greedy", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("modest", "push", at: scenario.input, key: scenario.reader)
        try scenario.join("greedy", to: "out", stream: "plant.a")
        for stream in ["plant.b", "plant.c", "plant.d"] {
            _ = try scenario.peer.call(
                "offer", ["name": "greedy", "frames": [stream, #"{"value":1}"#]], as: Bool.self)
        }
        func dropped(_ input: String) throws -> Double {
            try scenario.figure(
                "forecastd_input_drops_total{input=\"\(input)\",reason=\"streams_per_peer\"}")
        }
        try eventually("streams beyond the share are dropped") { try dropped("plant") == 2 }
        try scenario.join("modest", to: "out", stream: "plant.e")
        try scenario.join("modest", to: "out", stream: "plant.a")
        try scenario.join("modest", to: "out", stream: "plant.f")
        try scenario.join("greedy", to: "out", stream: "plant.f")
        #expect(try scenario.streams() == ["plant.a", "plant.b", "plant.e", "plant.f"])
        // Shares are those of an input; and what is beyond is acknowledged, so that its producer does not wait for ever.
        let lines = ["g", "h", "i", "g"].map { "plant.\($0) {\"value\":1}\n" }.joined()
        #expect(try scenario.send(lines, as: "greedy", by: [DaemonProcess.binary.path, "send"]) == 0)
        try eventually("the one beyond the share is dropped") { try dropped("meters") == 1 }
        #expect(
            try scenario.streams() == ["plant.a", "plant.b", "plant.e", "plant.f", "plant.g", "plant.h"])
        #expect(scenario.daemon.stop() == 0)
    }

    static let json = #"{"value":1}"#

    /// Without keys a peer is an address, or a user of this machine.
    @Test(arguments: Scenario.Transport.allCases)
    func aPeerBringsAsManyStreamsAsItMay(transport: Scenario.Transport) throws {
        let scenario = try Scenario(
            transport: transport, inputKeys: "socket: sub, format: json, streams_per_peer: 3")
        // Beside the one that found out whether the sockets are joined.
        let names = ["plant.a", "plant.b", "plant.c", "plant.a"]
        try scenario.send(names.map { [$0, Self.json] })
        let received = try scenario.receive(3)
        #expect(received.map(\.topic) == ["plant.a", "plant.b", "plant.a"])
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("streams_per_peer 1"))
    }

    /// A share begins anew with the daemon, and streams that there are already are in nobody's.
    @Test(arguments: ["1", "3"]) func streamsThatThereAreGoOn(pipelines: String) throws {
        let scenario = try Scenario(
            inputKeys: "socket: sub, format: json, streams_per_peer: 3", pipelines: pipelines,
            more: "state: {directory: kept, ballast: 1MiB}")
        let (earlier, later) = (["plant.a", "plant.b"], ["plant.c", "plant.d", "plant.e"])
        try scenario.send(earlier.map { [$0, Self.json] })
        #expect(Set(try scenario.receive(2).map(\.topic)) == Set(earlier))
        #expect(scenario.daemon.stop() == 0)
        try DurabilityTests.restart(scenario)
        try scenario.send((later + ["plant.f"] + earlier).map { [$0, Self.json] })
        let received = try scenario.receive(5)
        #expect(Set(received.map(\.topic)) == Set(earlier + later))
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("streams_per_peer 1"))
    }
}
