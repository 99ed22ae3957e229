// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Generator, daemon and tap as three real processes.
@Suite(.serialized) struct EndToEndTests {
    /// The generator comes last: the daemon finds it, and the tap shows the forecasts of its values.
    @Test func valuesGoInAndForecastsComeOut() throws {
        let directory = try TemporaryDirectory()
        let model = directory.url.appending(path: "model.safetensors").path
        try Peer().perform("model", ["path": model, "seed": 1])
        let input = "ipc://\(directory.url.path)/in"
        let yaml = """
            inputs: {plant: {socket: sub, connect: ["\(input)"]}}
            outputs: {forecasts: {socket: pub, bind: ["ipc://\(directory.url.path)/out"]}}
            models: {pump: {weights: \(model)}}
            streams: [{match: "*", model: pump, horizon: 5}]
            """
        let file = directory.url.appending(path: "tap.yaml")
        try yaml.write(to: file, atomically: false, encoding: .utf8)
        let daemon = try DaemonProcess(yaml, in: directory)
        let tap = try CommandProcess(
            ["tap", "--config", file.path, "--json", "--limit", "40", "signal.*"])
        let generator = try CommandProcess([
            "generate", "--signal", "--streams", "4", "--every", "10ms", "--corrupt", "0.1", "--bind", input,
        ])
        var values: [String: [Double]] = [:]
        for _ in 0..<40 {
            let forecast = try JSONDecoder().decode(
                Peer.Received.Payload.self, from: Data(try tap.nextLine().utf8))
            #expect(forecast.yhat.count == 5 && forecast.yhat.allSatisfy { $0 != nil })
            values[forecast.stream, default: []].append(forecast.y)
        }
        #expect(Set(values.keys) == ["signal.sine.0", "signal.noise.1", "signal.steps.2", "signal.sine.3"])
        #expect(values.values.allSatisfy { Set($0).count > 1 })
        #expect(try tap.end() == 0)
        #expect(try generator.stop() == 0)
        #expect(daemon.stop(SIGINT) == 0)
    }

    /// The files of the demonstration, with their ports at a loopback address that nothing else uses.
    private func demonstration(_ directory: TemporaryDirectory) throws -> (script: String, address: String) {
        let config = DaemonProcess.root.appending(path: "config")
        let copy = directory.url.appending(path: "config")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: copy.appending(path: "models"), withDestinationURL: config.appending(path: "models"))
        let address = "127." + (0..<3).map { _ in "\(UInt8.random(in: 1...254))" }.joined(separator: ".")
        for name in ["demo.sh", "demo.yaml"] {
            let text = try String(contentsOf: config.appending(path: name), encoding: .utf8)
            #expect(text.contains("tcp://127.0.0.1:5556"), "\(name) says where it listens")
            try text.replacing("127.0.0.1", with: address)
                .write(to: copy.appending(path: name), atomically: false, encoding: .utf8)
        }
        return (copy.appending(path: "demo.sh").path, address)
    }

    /// The processes that have one of the texts in their command line.
    private func processes(with texts: [String]) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
            else { return nil }
            let line = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            return texts.contains { line.contains($0) } ? line : nil
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func theDemonstrationShowsForecastsAndLeavesNoProcess(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        let (script, address) = try demonstration(directory)
        let demo = try CommandProcess([script, DaemonProcess.binary.path], program: "/bin/bash")
        #expect(try demo.nextLine().hasPrefix("forecasts of this machine's own figures"))
        #expect(try demo.nextLine() == "watch them at http://\(address):8080/")
        let line = try demo.nextLine()
        #expect(line.contains("  host."), "\(line)")
        let marks = [directory.url.path, address]
        #expect(try processes(with: marks).count == 4, "the script and its three")
        #expect(try demo.stop(signal) == 0)
        #expect(try processes(with: marks) == [])
    }

    @Test(arguments: [5556, 5557])
    func aPortInUseEndsTheDemonstration(port: Int) throws {
        let directory = try TemporaryDirectory()
        let (script, address) = try demonstration(directory)
        let taken = "tcp://\(address):\(port)"
        let peer = try Peer()
        _ = try peer.call("open_socket", ["name": "in", "kind": "pull", "bind": taken], as: String.self)
        let temporary = directory.url.appending(path: "tmp")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
        let demo = try CommandProcess(
            ["TMPDIR=\(temporary.path)", "/bin/bash", script, DaemonProcess.binary.path],
            program: "/usr/bin/env")
        #expect(try demo.end() == 69)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == [])
        let errors = try demo.errorRest()
        #expect(
            errors.contains { $0.hasPrefix("forecastd: cannot bind to \(taken): Address already in use") })
        #expect(try processes(with: [directory.url.path, address]) == [])
        try peer.perform("close", ["name": "in"])
    }
}
