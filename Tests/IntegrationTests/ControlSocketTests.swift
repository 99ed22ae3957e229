// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The socket over which a running daemon is told what changes it.
@Suite struct ControlSocketTests {
    @Test func theControlSocketIsForItsUser() throws {
        let scenario = try ReloadTests.scenario()
        let path = scenario.directory.url.appending(path: "control").path
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let second = scenario.directory.url.appending(path: "again.yaml")
        try scenario.configuration.write(to: second, atomically: false, encoding: .utf8)
        let other = try DaemonProcess.run(["run", "--config", "again.yaml"], in: scenario.directory)
        #expect(other.status == 69 && other.errors.contains("another daemon answers"), "\(other)")
        // What a killed daemon leaves is no obstacle; what is no socket is one, and is left alone.
        #expect(scenario.daemon.stop(SIGKILL) == SIGKILL)
        #expect(FileManager.default.fileExists(atPath: path))
        let nobody = try ReloadTests.command(scenario)
        #expect(nobody.status == 69 && nobody.errors.contains("no daemon answers"), "\(nobody)")
        try scenario.restartDaemon()
        #expect(try ReloadTests.command(scenario).status == 0)
        #expect(scenario.daemon.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        try Data("mine".utf8).write(to: URL(filePath: path))
        let blocked = try DaemonProcess.run(["run", "--config", "again.yaml"], in: scenario.directory)
        #expect(blocked.status == 73 && blocked.errors.contains("is no socket"), "\(blocked)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    /// Who has not said where the daemon listens is told so.
    @Test func aConfigurationWithoutTheKeyIsNamed() throws {
        let directory = try TemporaryDirectory()
        try """
        inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:9"]}}
        outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:10"]}}
        models: {m: {weights: m.safetensors}}
        streams: [{match: "*", model: m}]
        """.write(to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
        let nobody = try DaemonProcess.run(
            ["reload", "--config", "f.yaml"], in: directory,
            // A service of this machine is not meant.
            environment: ["RUNTIME_DIRECTORY": directory.url.path])
        #expect(
            nobody.status == 69 && nobody.errors.contains("the configuration has no control"), "\(nobody)")
    }

    /// Requests that are none are answered, or not waited for, and the next one is served.
    @Test func requestsThatAreNoneAreAnswered() throws {
        let scenario = try ReloadTests.scenario()
        let answers = try scenario.peer.call(
            "talk",
            [
                "path": scenario.directory.url.appending(path: "control").path,
                "requests": [
                    "{}\n", "\n", "{\"request\": \"stop\"}\n", String(repeating: "x", count: 70_000) + "\n",
                    "",
                    "{\"request\": \"reload\", \"plan\": true}\n",
                ],
            ], as: [String].self)
        #expect(answers.prefix(3).allSatisfy { $0.contains("\"status\":64") }, "\(answers)")
        #expect(answers[3] == "" && answers[4] == "")
        #expect(answers[5].contains("\"same\":true"), "\(answers)")
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func theServiceManagerGivesThePlace() throws {
        let directory = try TemporaryDirectory()
        try Peer().perform(
            "model", ["path": directory.url.appending(path: "model.safetensors").path, "seed": 1])
        let daemon = try DaemonProcess(
            StartTests.yaml(), in: directory,
            environment: ["RUNTIME_DIRECTORY": "\(directory.url.path):/elsewhere"])
        let done = try DaemonProcess.run(["reload", "--control", "control"], in: directory)
        #expect(done.status == 0 && done.output.hasPrefix("nothing has changed"), "\(done)")
        #expect(daemon.stop() == 0)
    }
}
