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
}
