// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Messages that are recorded beside a daemon, and forecast from the file as the daemon forecast them.
@Suite(.serialized) struct RecordingTests {
    @Test func whatWasRecordedIsForecastAsItWas() throws {
        let scenario = try DurabilityTests.scenario()
        try StateCommandTests.write(scenario)
        let file = scenario.directory.url.appending(path: "messages").path
        // A subscription of its own, which the publisher tells of, and which leaves out the stream of the probes.
        let config = scenario.directory.url.appending(path: "record.yaml")
        try scenario.configuration.replacing("socket: sub,", with: "socket: sub, topics: [\"plant.\"],")
            .write(to: config, atomically: false, encoding: .utf8)
        let recorder = try CommandProcess(["record", "--config", config.path, "--limit", "60", file])
        let prefixes = try scenario.peer.call("subscriptions", ["name": "in", "count": 2], as: [String].self)
        #expect(prefixes.sorted() == ["", "plant."])
        let said = try DurabilityTests.send(0..<10, to: scenario)
        #expect(try recorder.end() == 0)
        #expect(scenario.daemon.stop() == 0)

        let replay = ["replay", "--recording", "messages", "--stream", "plant.*"]
        let replayed = try StateCommandTests.run(scenario, replay)
        #expect(replayed.status == 0, "\(replayed.errors)")
        #expect(try StateCommandTests.texts(replayed.output) == said)
        let again = try StateCommandTests.run(scenario, ["record", "messages", "--limit", "1"])
        #expect(again.status == 73 && again.errors.contains("not there yet"), "\(again.errors)")
        let key = try SecuredScenario.key("recorder", in: scenario.directory)
        let clear = try StateCommandTests.run(
            scenario, ["record", "other", "--curve-key", key.file, "--server-key", key.publicText])
        #expect(clear.status == 64 && clear.errors.contains("inputs.plant talks in the clear"))

        let bytes = try Data(contentsOf: URL(filePath: file))
        try bytes.dropLast(5).write(to: URL(filePath: file))
        let cut = try StateCommandTests.run(scenario, replay)
        #expect(cut.status == 65 && cut.errors.contains("behind number 59"), "\(cut.errors)")
        #expect(try StateCommandTests.texts(cut.output).count == 59)
        var changed = bytes
        changed[bytes.count / 2] ^= 1
        try changed.write(to: URL(filePath: file))
        let damaged = try StateCommandTests.run(scenario, replay)
        #expect(damaged.status == 65 && damaged.errors.contains("are none"), "\(damaged.errors)")
    }
}
