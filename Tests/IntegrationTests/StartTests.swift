// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What keeps the daemon from starting is said in one sentence, with the right exit status.
@Suite struct StartTests {
    static func yaml(model: String = "model.safetensors", port: UInt16 = 0, more: String = "") -> String {
        """
        inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:9"], format: json}}
        outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:\(port == 0 ? "*" : String(port))"]}}
        models: {pump: {weights: \(model)}}
        streams: [{match: "*", model: pump\(more)}]
        """
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var name: String
        var status: Int32
        var text: String
        var yaml: String
        var testDescription: String { name }
    }

    static let failures = [
        Failure(
            name: "missing model", status: 66, text: "nowhere.safetensors",
            yaml: yaml(model: "nowhere.safetensors")),
        Failure(
            name: "broken model", status: 65, text: "broken.safetensors",
            yaml: yaml(model: "broken.safetensors")),
        Failure(name: "a folder as model", status: 66, text: "/tmp", yaml: yaml(model: "/tmp")),
        Failure(
            name: "unknown key", status: 78, text: "did you mean \"horizon\"", yaml: yaml(more: ", horizn: 3")
        ),
        Failure(name: "not YAML", status: 78, text: ":1:", yaml: "inputs: ["),
        Failure(name: "too far a horizon", status: 78, text: "3", yaml: yaml(more: ", horizon: 9")),
    ]

    @Test(arguments: failures) func saysWhatIsWrong(_ failure: Failure) throws {
        let directory = try TemporaryDirectory()
        try Peer().perform(
            "model",
            [
                "path": directory.url.appending(path: "model.safetensors").path, "seed": 1, "outputs": 3,
            ])
        try Data("no model".utf8).write(to: directory.url.appending(path: "broken.safetensors"))
        try failure.yaml.write(
            to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
        for command in ["run", "check"] {
            let ended = try DaemonProcess.run([command, "--config", "f.yaml"], in: directory)
            #expect(ended.status == failure.status, "\(command): \(ended.errors)")
            #expect(ended.errors.contains(failure.text), "\(command): \(ended.errors)")
            #expect(!ended.errors.contains("Fatal error") && !ended.errors.contains("libswiftCore"))
        }
    }

    @Test func aMissingConfigurationIsNoInput() throws {
        let ended = try DaemonProcess.run(["run", "--config", "nowhere.yaml"], in: TemporaryDirectory())
        #expect(ended.status == 66)
        #expect(ended.errors.contains("nowhere.yaml"))
    }

    @Test func aPortInUseIsUnavailable() throws {
        let scenario = try Scenario()
        let port = try #require(UInt16(scenario.output.split(separator: ":").last ?? ""))
        try Self.yaml(model: scenario.modelPath, port: port).write(
            to: scenario.directory.url.appending(path: "second.yaml"), atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.run(["run", "--config", "second.yaml"], in: scenario.directory)
        #expect(ended.status == 69)
        #expect(ended.errors.contains("127.0.0.1:\(port)"))
    }

    @Test func anUnknownCommandIsUsage() throws {
        #expect(try DaemonProcess.run(["fly"], in: TemporaryDirectory()).status == 64)
    }
}
