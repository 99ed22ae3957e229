// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Sockets that ask for proof, against clients and attackers with real pyzmq.
@Suite(.serialized) struct CurveTests {
    @Test(arguments: Scenario.Transport.allCases)
    func whoHasAKeyThatIsAdmittedSendsAndReads(transport: Scenario.Transport) throws {
        let scenario = try SecuredScenario(transport: transport)
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.join("in", to: "out", stream: "plant.a")
        #expect(try scenario.streams() == ["plant.a"])
        #expect(try scenario.figure(#"forecastd_input_handshake_failures_total{input="plant"}"#) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// How an attacker tries, and whether it is found out by its key.
    enum Attack: String, CaseIterable {
        case withoutCurve, wrongServerKey, unknownKey
    }

    @Test(arguments: Attack.allCases) func attackersNeitherSendNorRead(attack: Attack) throws {
        let scenario = try SecuredScenario()
        let stranger = try scenario.strangerKey()
        let (key, server): (SecuredScenario.Key?, String?) =
            switch attack {
            case .withoutCurve: (nil, nil)
            case .wrongServerKey: (scenario.sender, stranger.publicText)
            case .unknownKey: (stranger, nil)
            }
        let doors = [
            (
                kind: "push", endpoint: scenario.input,
                figure: #"input_handshake_failures_total{input="plant"}"#
            ),
            ("dealer", scenario.meters, #"input_handshake_failures_total{input="meters"}"#),
            ("sub", scenario.output, #"output_handshake_failures_total{output="forecasts"}"#),
        ]
        for (kind, endpoint, figure) in doors {
            try scenario.open("evil " + kind, kind, at: endpoint, key: key, server: server)
            if kind != "sub" {
                let message = ["evil", #"{"value":1}"#]
                _ = try scenario.peer.call(
                    "offer", ["name": "evil " + kind, "frames": message], as: Bool.self)
            }
            try eventually("the \(kind) is turned away") { try scenario.figure("forecastd_" + figure) > 0 }
        }
        if attack == .unknownKey {
            try eventually("the key is said") {
                scenario.daemon.logText.contains(
                    "127.0.0.1 with the public key \(stranger.publicText)")
            }
            #expect(try scenario.figure(#"forecastd_input_client_refusals_total{input="plant"}"#) > 0)
        }
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.join("in", to: "out", stream: "plant.a")
        #expect(try scenario.streams() == ["plant.a"])
        #expect(try scenario.peer.call("drain", ["name": "evil sub"], as: Int.self) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Whoever is taken from the list is cut and stays out; the others come back.
    @Test func whoIsRevokedWhileConnectedIsCut() throws {
        let scenario = try SecuredScenario()
        let (bad, spy) = (try scenario.strangerKey("bad"), try scenario.strangerKey("spy"))
        try scenario.admit([scenario.sender, scenario.reader, bad, spy])
        try scenario.reload()
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.open("spy", "sub", at: scenario.output, key: spy)
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("bad", "push", at: scenario.input, key: bad)
        try scenario.join("in", to: "out", stream: "plant.a")
        try scenario.join("bad", to: "spy", stream: "plant.b")
        try scenario.admit([scenario.sender, scenario.reader])
        try scenario.reload()
        for name in [
            #"input_client_refusals_total{input="plant"}"#,
            #"output_client_refusals_total{output="forecasts"}"#,
        ] {
            try eventually("whoever was cut is refused") { try scenario.figure("forecastd_" + name) > 0 }
        }
        _ = try scenario.peer.call("drain", ["name": "spy"], as: Int.self)
        _ = try scenario.peer.call(
            "offer", ["name": "bad", "frames": ["plant.c", #"{"value":1}"#]], as: Bool.self)
        try scenario.join("in", to: "out", stream: "plant.d")
        #expect(try scenario.streams() == ["plant.a", "plant.b", "plant.d"])
        #expect(try scenario.peer.call("drain", ["name": "spy"], as: Int.self) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// A list that cannot be used changes nothing: nobody is let in, nobody cut.
    @Test func aDamagedListChangesNothing() throws {
        let scenario = try SecuredScenario()
        try "no key\n".write(
            to: scenario.directory.url.appending(path: "clients"), atomically: true, encoding: .utf8)
        try scenario.reload()
        #expect(
            scenario.daemon.logText.contains(
                #"/clients:1:1: curve.clients: expected a public key, 40 characters"#))
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.join("in", to: "out", stream: "plant.a")
        #expect(scenario.daemon.stop() == 0)
    }

    /// Who may send values need not be who may read forecasts.
    @Test func aSocketCanHaveAListOfItsOwn() throws {
        let scenario = try SecuredScenario(outputKeys: ", clients: readers")
        try scenario.open("spy", "sub", at: scenario.output, key: scenario.sender)
        try eventually("the sender is refused as a reader") {
            try scenario.figure(#"forecastd_output_client_refusals_total{output="forecasts"}"#) > 0
        }
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.join("in", to: "out", stream: "plant.a")
        #expect(try scenario.peer.call("drain", ["name": "spy"], as: Int.self) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// The clients that come with the daemon.
    @Test func commandsProveWhoTheyAre() throws {
        let scenario = try SecuredScenario()
        let tap = try CommandProcess([
            "tap", "--connect", scenario.output, "--curve-key", scenario.reader.file, "--server-key",
            scenario.server.publicText, "--json", "--limit", "2",
        ])
        try eventually("the tap subscribes") {
            try scenario.figure(#"forecastd_output_connections{output="forecasts"}"#) > 0
        }
        for (name, program) in [
            ("send", [DaemonProcess.binary.path, "send"]),
            ("python", ["/usr/bin/python3", LossFreeTests.python]),
        ] {
            let status = try scenario.send("meter.\(name) {\"value\":1}\n", as: name, by: program)
            #expect(status == 0, "\(name)")
        }
        #expect(try scenario.streams() == ["meter.python", "meter.send"])
        #expect(try tap.nextLine().contains("meter.send") && tap.nextLine().contains("meter.python"))
        #expect(try tap.end() == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// An input that connects talks with none but who has the key it expects.
    @Test func anInputWantsProofOfWhomItConnectsTo() throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(more: "http: {bind: \"127.0.0.1:\(port)\"}")
        #expect(scenario.daemon.stop() == 0)
        let own = try SecuredScenario.key("own", in: scenario.directory)
        let publisher = try SecuredScenario.key("publisher", in: scenario.directory)
        let endpoint = try scenario.peer.call(
            "open_socket",
            ["name": "proof", "kind": "xpub", "bind": "tcp://127.0.0.1:*", "secret": publisher.secret],
            as: String.self)
        func start(expecting key: String, _ configuration: String) throws {
            scenario.configuration =
                configuration.replacing("format: json", with: "format: json, server_key: \"\(key)\"")
                .replacing(scenario.input, with: endpoint)
                .replacing("socket: pub", with: "socket: pub, insecure: true")
                + "\ncurve: {secret_key: own.secret}\n"
            try scenario.restartDaemon()
        }
        let plain = scenario.configuration
        try start(expecting: own.publicText, plain)
        try eventually("the wrong key is found out") {
            let text = try PrometheusTests.metrics(port: port)
            return PrometheusTests.figure(
                #"forecastd_input_handshake_failures_total{input="plant"}"#, in: text) ?? 0 > 0
        }
        #expect(
            try scenario.peer.call("drain", ["name": "proof"], as: Int.self) == 0, "nobody has subscribed")
        #expect(scenario.daemon.stop() == 0)
        try start(expecting: publisher.publicText, plain)
        try scenario.join(publisher: "proof", subscriber: "out")
        #expect(scenario.daemon.stop() == 0)
    }

    /// Anybody may come where the configuration says so.
    @Test func anAddressOfOtherMachinesNeedsAWord() throws {
        let scenario = try Scenario()
        #expect(scenario.daemon.stop() == 0)
        let port = try Scenario.freePort()
        let plain = scenario.configuration
        scenario.configuration = plain.replacing(scenario.output, with: "tcp://0.0.0.0:\(port)")
        let file = scenario.directory.url.appending(path: "open.yaml")
        try scenario.configuration.write(to: file, atomically: false, encoding: .utf8)
        for command in ["check", "run"] {
            let refused = try DaemonProcess.run([command, "--config", file.path], in: scenario.directory)
            #expect(refused.status == 78)
            #expect(
                refused.errors.contains(
                    "open.yaml:4:22: outputs.forecasts.bind[0]: other machines reach tcp://0.0.0.0:"))
        }
        scenario.configuration = scenario.configuration.replacing(
            "socket: pub", with: "socket: pub, insecure: true")
        try scenario.restartDaemon()
        _ = try scenario.peer.call(
            "open_socket",
            ["name": "near", "kind": "sub", "connect": "tcp://127.0.0.1:\(port)", "topics": [""]],
            as: String.self)
        try scenario.join(publisher: "in", subscriber: "near")
        #expect(scenario.daemon.stop() == 0)
    }

    /// A subscriber that asks for more topics than it may is cut, again and again; the others are served.
    @Test func aFloodOfSubscriptionsIsCut() throws {
        let scenario = try SecuredScenario(outputKeys: ", subscriptions: 100")
        try scenario.open("out", "sub", at: scenario.output, key: scenario.reader)
        try scenario.open("in", "push", at: scenario.input, key: scenario.sender)
        try scenario.join("in", to: "out", stream: "plant.a")
        try scenario.open("modest", "xsub", at: scenario.output, key: scenario.reader)
        try scenario.open("flood", "xsub", at: scenario.output, key: scenario.reader)
        func ask(_ name: String, _ count: Int) throws {
            try scenario.peer.perform(
                "send", ["name": name, "messages": (0..<count).map { ["\u{1}plant.x\($0)"] }])
        }
        try ask("modest", 99)
        try ask("flood", 101)
        try eventually("the flood is cut, and cut when it is back") {
            // Its subscriptions are sent again when it is made use of.
            _ = try scenario.peer.call("drain", ["name": "flood"], as: Int.self)
            return try scenario.figure(Self.cut) > 1
        }
        try scenario.peer.perform("close", ["name": "flood"])
        try ask("modest", 1)
        try scenario.join("in", to: "out", stream: "plant.b")
        try scenario.join("in", to: "modest", stream: "plant.x5")
        #expect(scenario.daemon.stop() == 0)
    }

    static let cut = #"forecastd_output_cut_subscribers_total{output="forecasts"}"#

    /// What no library sends: each is too much, and cut each time it comes, at once, too.
    static let floods: [String: [String]] = [
        "unsubscriptions of what it never had": (0..<101).flatMap { ["\0never\($0)", "\u{1}plant.x\($0)"] },
        "something else": ["\u{2}x"],
        "one topic all the time": Array(repeating: ["\u{1}plant.x", "\0plant.x"], count: 50_000).flatMap(
            \.self),
    ]

    @Test(arguments: floods.keys.sorted()) func whoAsksWhatNoLibraryAsksIsCut(flood: String) throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            outputKeys: "socket: pub, subscriptions: 100", more: "http: {bind: \"127.0.0.1:\(port)\"}")
        func cuts() throws -> Double? {
            PrometheusTests.figure(Self.cut, in: try PrometheusTests.metrics(port: port))
        }
        // As many as it may have, others instead of them, and some of those twice.
        _ = try scenario.peer.call(
            "open_socket", ["name": "modest", "kind": "xsub", "connect": scenario.output], as: String.self)
        let (first, second) = ((0..<100).map { "a\($0)" }, (0..<100).map { "b\($0)" })
        for requests in [first.map { "\u{1}" + $0 }, first.map { "\0" + $0 }, second.map { "\u{1}" + $0 }] {
            try scenario.send(requests.map { [$0] }, by: "modest")
        }
        try scenario.send(second.map { ["\u{1}" + $0] }, by: "modest")
        try scenario.join(publisher: "in", subscriber: "modest", stream: "b5")
        try scenario.peer.perform(
            "ask_rawly",
            [
                "port": try #require(scenario.output.split(separator: ":").last.flatMap { Int($0) }),
                "requests": Self.floods[flood]!, "rounds": 4,
            ])
        try eventually("all are counted") { try cuts() ?? 0 >= 4 }
        try scenario.join(publisher: "in", subscriber: "out")
        #expect(try cuts() == 4)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Whoever is revoked is cut also where the daemon may open hardly any descriptor.
    @Test func aRevocationNeedsNoDescriptors() throws {
        let scenario = try SecuredScenario()
        let spy = try scenario.strangerKey("spy")
        try scenario.admit([scenario.sender, scenario.reader, spy])
        try scenario.reload()
        let spies = 20
        for index in 0..<spies { try scenario.open("spy \(index)", "sub", at: scenario.output, key: spy) }
        let connections = #"forecastd_output_connections{output="forecasts"}"#
        try eventually("all are connected") { try scenario.figure(connections) == Double(spies) }
        try scenario.admit([scenario.sender, scenario.reader])
        try scenario.daemon.limitDescriptors(free: 6)
        try scenario.reload()
        try eventually("all are refused") {
            try scenario.figure(#"forecastd_output_client_refusals_total{output="forecasts"}"#)
                >= Double(spies)
        }
        try eventually("none stays") { try scenario.figure(connections) == 0 }
        #expect(scenario.daemon.stop() == 0)
    }
}
