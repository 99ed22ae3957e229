// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A daemon that others connect to, who have to prove who they are.
///
/// Values come in at `plant` (pull) and `meters` (router), forecasts go out at `forecasts`.
final class SecuredScenario {
    /// A key pair that `forecastd keygen` has made.
    struct Key {
        var secret: String
        var publicText: String
        var file: String
    }

    let directory: TemporaryDirectory
    let peer: Peer
    let (input, meters, output): (String, String, String)
    let httpPort: UInt16
    let server, sender, reader: Key
    private(set) var daemon: DaemonProcess!

    /// Starts the daemon; `sender` and `reader` are admitted everywhere but for what `outputKeys` say.
    init(inputKeys: String = "", outputKeys: String = "", transport: Scenario.Transport = .tcp) throws {
        directory = try TemporaryDirectory()
        peer = try Peer()
        let folder = directory.url.path
        try peer.perform("model", ["path": "\(folder)/model.safetensors", "seed": 7])
        func endpoint(_ name: String) throws -> String {
            transport == .tcp ? "tcp://127.0.0.1:\(try Scenario.freePort())" : "ipc://\(folder)/\(name)"
        }
        (input, meters, output) = (try endpoint("in"), try endpoint("meters"), try endpoint("out"))
        httpPort = try Scenario.freePort()
        server = try Self.key("forecastd", in: directory)
        sender = try Self.key("sender", in: directory)
        reader = try Self.key("reader", in: directory)
        try admit([sender, reader])
        try admit([reader], to: "readers")
        daemon = try DaemonProcess(
            """
            inputs:
              plant: {socket: pull, bind: ["\(input)"]\(inputKeys)}
              meters: {socket: router, bind: ["\(meters)"]\(inputKeys)}
            outputs:
              forecasts: {socket: pub, bind: ["\(output)"]\(outputKeys)}
            models: {pump: {weights: model.safetensors}}
            streams: [{match: "*", model: pump, scale: none, warmup: 0, adapt: off}]
            log: {level: debug, drops_every: 1s}
            http: {bind: "127.0.0.1:\(httpPort)"}
            curve: {secret_key: forecastd.secret, clients: clients}
            """, in: directory)
    }

    static func key(_ name: String, in directory: TemporaryDirectory) throws -> Key {
        let made = try DaemonProcess.run(["keygen", name], in: directory)
        try #require(made.status == 0, "\(made.errors)")
        let file = directory.url.appending(path: name + ".secret").path
        return Key(
            secret: try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines),
            publicText: made.output.trimmingCharacters(in: .newlines), file: file)
    }

    /// Makes a key pair that nobody admits.
    func strangerKey(_ name: String = "stranger") throws -> Key { try Self.key(name, in: directory) }

    /// Writes who is admitted, as `cat *.public` does.
    func admit(_ keys: [Key], to list: String = "clients") throws {
        let text = "# Those who may connect.\n\n" + keys.map { $0.publicText + " somebody\n" }.joined()
        let file = directory.url.appending(path: list)
        try text.write(to: file, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    /// Opens a socket of the peer; without a key it knows nothing of CURVE.
    func open(_ name: String, _ kind: String, at endpoint: String, key: Key?, server: String? = nil) throws {
        var request: [String: Any] = [
            "name": name, "kind": kind, "connect": endpoint, "topics": kind == "sub" ? [""] : [],
        ]
        if let key {
            request.merge(["secret": key.secret, "server": server ?? self.server.publicText]) { $1 }
        }
        _ = try peer.call("open_socket", request, as: String.self)
    }

    /// Waits until values of a sender come back as forecasts to a reader.
    func join(_ sender: String, to reader: String, stream: String) throws {
        _ = try peer.call(
            "probe",
            ["publisher": sender, "subscriber": reader, "stream": stream, "payload": #"{"value":1}"#],
            as: Int.self)
    }

    /// Sends lines to `meters` by a program that loses none, with the sender's key; gives its exit status.
    func send(_ lines: String, as producer: String, by program: [String]) throws -> Int32 {
        let send = Process()
        send.executableURL = URL(filePath: program[0])
        send.arguments =
            program.dropFirst() + [
                "--connect", meters, "--producer", producer, "--curve-key", sender.file, "--server-key",
                server.publicText,
            ]
        let input = Pipe()
        send.standardInput = input
        try send.run()
        try input.fileHandleForWriting.write(contentsOf: Data(lines.utf8))
        try input.fileHandleForWriting.close()
        send.waitUntilExit()
        return send.terminationStatus
    }

    /// A figure of `/metrics`.
    func figure(_ name: String) throws -> Double {
        try #require(PrometheusTests.figure(name, in: try PrometheusTests.metrics(port: httpPort)), "\(name)")
    }

    /// The ids of all streams that have come.
    func streams() throws -> [String] {
        try HTTPTests.allStreams(port: Int(httpPort), limit: 100).map(\.stream).sorted()
    }

    /// Reads the lists of clients again.
    func reload() throws { try daemon.hangUp() }
}
