// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Listening sockets that the service manager holds for the daemon, which a script stands in for.
@Suite(.serialized) struct PassedSocketsTests {
    let directory: TemporaryDirectory
    let manager: Peer

    init() throws {
        directory = try TemporaryDirectory()
        try Peer().perform(
            "model", ["path": directory.url.appending(path: "model.safetensors").path, "seed": 1])
        manager = try Peer("service_manager.py")
    }

    /// Starts a daemon and waits until it is ready; gives what it said where it ended instead, and else nothing.
    func start(_ yaml: String) throws -> String {
        let file = directory.url.appending(path: "daemon.yaml")
        try yaml.write(to: file, atomically: false, encoding: .utf8)
        return try manager.call(
            "start", ["command": [DaemonProcess.binary.path, "run", "--config", file.path]])
    }

    func stop(kill: Bool = false) throws -> Int32 { try manager.call("stop", ["kill": kill]) }

    /// Lets a client ask for /healthz; false where nobody listens.
    func ask(_ client: String, port: UInt16) throws -> Bool {
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return try manager.call("connect", ["name": client, "port": port, "text": request])
    }

    func answer(to client: String) throws -> String { try manager.call("answer", ["name": client]) }

    @Test func theServiceManagersSocketServesHTTPOverRestarts() throws {
        let port = try Scenario.freePort()
        try manager.perform("listen", ["name": "http", "port": port])
        #expect(try ask("before", port: port))
        for round in 0..<2 {
            let said = try start(StartTests.yaml() + "\nhttp: {bind: \"localhost:\(port)\"}\n")
            #expect(said == "")
            if round == 0 { #expect(try answer(to: "before").contains("200 OK")) }
            #expect(try ask("now", port: port) && answer(to: "now").contains("{\"status\":\"ok\"}"))
            #expect(try stop() == 0)
        }
        #expect(try ask("meanwhile", port: port))
        #expect(try start(StartTests.yaml() + "\nhttp: {bind: \"127.0.0.1:\(port)\"}\n") == "")
        #expect(try answer(to: "meanwhile").contains("200 OK"))
        #expect(try stop() == 0)
    }

    /// Where unit and configuration say different things, neither is taken for right.
    @Test(arguments: ["http: {bind: \"127.0.0.1:1\"}", "http: {bind: \"[::1]:PORT\"}", ""])
    func anotherAddressThanTheConfigurationsIsRefused(http: String) throws {
        let port = try Scenario.freePort()
        try manager.perform("listen", ["name": "http", "port": port])
        let yaml = StartTests.yaml() + "\n" + http.replacing("PORT", with: "\(port)") + "\n"
        let said = try start(yaml)
        #expect(said.hasPrefix("78: ") && said.contains("127.0.0.1:\(port)"), "\(said)")
    }

    /// One bound input, and an output.
    func bound(_ input: String, _ output: String, http: UInt16) -> String {
        """
        inputs: {plant: {socket: pull, bind: ["\(input)"], insecure: \(input.contains("*")), format: json}}
        outputs: {forecasts: {socket: pub, bind: ["\(output)"], last_value: true}}
        models: {pump: {weights: model.safetensors}}
        streams: [{match: "*", model: pump, warmup: 0}]
        http: {bind: "127.0.0.1:\(http)"}
        """
    }

    func stored() throws -> [String] { try manager.call("stored", [:]) }

    /// Who connects while no daemon runs is not refused, and what they send counts; however the daemon ended.
    @Test(arguments: [("127.0.0.1", false), ("127.0.0.1", true), ("*", true)])
    func nobodyIsRefusedDuringARestart(host: String, kill: Bool) throws {
        let ports = try (0..<3).map { _ in try Scenario.freePort() }
        let yaml = bound("tcp://\(host):\(ports[0])", "tcp://127.0.0.1:\(ports[1])", http: ports[2])
        let peer = try Peer()
        #expect(try !ask("early", port: ports[2]))
        for round in 0..<3 {
            #expect(try start(yaml) == "")
            #expect(
                try stored()
                    == [
                        "http;//127.0.0.1;\(ports[2])", "starts", "tcp;//127.0.0.1;\(ports[1])",
                        "tcp;//\(host);\(ports[0])",
                    ].sorted())
            if round > 0 {
                #expect(try answer(to: "page").contains("200 OK"))
                let received = try peer.call(
                    "receive", ["name": "out\(round)", "count": 1], as: [Peer.Received].self)
                #expect(received.first?.topic == "round.\(round)")
            }
            #expect(try stop(kill: kill) == (kill ? -SIGKILL : 0))
            guard round < 2 else { break }
            #expect(try ask("page", port: ports[2]))
            for (name, kind, endpoint) in [
                ("out\(round + 1)", "sub", "tcp://127.0.0.1:\(ports[1])"),
                ("in\(round + 1)", "push", "tcp://127.0.0.1:\(ports[0])"),
            ] {
                _ = try peer.call(
                    "open_socket",
                    ["name": name, "kind": kind, "connect": endpoint, "topics": kind == "sub" ? [""] : []],
                    as: String.self)
            }
            try peer.perform(
                "send",
                ["name": "in\(round + 1)", "messages": [["round.\(round + 1)", "{\"value\": \(round)}"]]])
        }
    }

    /// What the configuration no longer names is closed for everybody, at once; also where the new address overlaps.
    @Test func anotherConfigurationsSocketsAreGivenUp() throws {
        let ports = try (0..<4).map { _ in try Scenario.freePort() }
        let local = "tcp://127.0.0.1:"
        #expect(try start(bound(local + "\(ports[0])", local + "\(ports[1])", http: ports[2])) == "")
        #expect(try stop() == 0)
        #expect(try ask("waits", port: ports[0]))
        #expect(try start(bound("tcp://*:\(ports[0])", local + "*", http: ports[3])) == "")
        #expect(
            try stored() == ["http;//127.0.0.1;\(ports[3])", "starts", "tcp;//*;\(ports[0])"])
        for (port, isOpen) in [(0, true), (1, false), (2, false), (3, true)] {
            #expect(try ask("\(port)", port: ports[port]) == isOpen, "port \(port)")
        }
        #expect(try stop() == 0)
    }

    /// A descriptor by a name of ours that listens elsewhere is not used.
    @Test func anotherAddressThanItsNameSaysIsNotKept() throws {
        let ports = try (0..<4).map { _ in try Scenario.freePort() }
        for name in ["tcp;//127.0.0.1;\(ports[0])", "other.socket"] {
            try manager.perform("listen", ["name": name, "port": ports[name.hasPrefix("tcp") ? 3 : 2]])
        }
        let yaml = bound("tcp://127.0.0.1:\(ports[0])", "tcp://127.0.0.1:*", http: ports[1])
        #expect(try start(yaml) == "")
        #expect(try ask("right", port: ports[0]) && !ask("wrong", port: ports[3]))
        // A unit's socket is not ours to close for all.
        #expect(try ask("unit", port: ports[2]))
        #expect(try stop() == 0)
        #expect(try manager.call("log", [:], as: String.self).contains("has passed other.socket, for which"))
    }
}
