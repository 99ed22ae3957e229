// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import ZeroMQ

/// Which sockets ask for proof, and what is wrong with a configuration that does not say enough of it.
@Suite struct SecurityConfigurationTests {
    static let key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    static let curve = "curve: {secret_key: s, clients: c}"

    /// The sample with an input, an output and what stands at the end.
    static func text(
        _ input: String, _ output: String = #"bind: ["ipc:///f"], insecure: true"#, end: String = curve
    ) -> String {
        var lines = ConfigurationSample.lines
        lines[1] = "  plant: {socket: sub, \(input)}"
        lines[3] = "  forecasts: {socket: pub, \(output)}"
        return (lines + [end]).joined(separator: "\n")
    }

    static let problems: [(String, [String])] = [
        // An address that other machines reach.
        (
            text(#"connect: ["tcp://a:1"]"#, #"bind: ["tcp://127.0.0.1:5", "tcp://*:5"]"#, end: ""),
            [
                "f.yaml:4:56: outputs.forecasts.bind[1]: other machines reach tcp://*:5, and nothing asks who they are: give "
                    + "the daemon a key (curve), use an address of this machine, as 127.0.0.1, or write insecure: true"
            ]
        ),
        (
            text(
                #"bind: ["tcp://eth0:1"]"#, #"bind: ["ipc:///f"], replay: {bind: ["tcp://[::]:*"]}"#, end: ""),
            [
                "f.yaml:2:31: inputs.plant.bind[0]: other machines reach tcp://eth0:1, and",
                "f.yaml:4:64: outputs.forecasts.replay.bind[0]: other machines reach tcp://[::]:*, and",
            ]
        ),
        (
            text(#"bind: ["ipc:///a"], insecure: true"#, #"bind: ["ipc:///f"]"#, end: ""),
            ["f.yaml:2:54: inputs.plant.insecure: has no effect without curve"]
        ),
        // What is no endpoint reaches nobody, and may have been meant for others; a line break in one makes no second line.
        (
            text(#"connect: ["tcp://a:1"]"#, #"bind: ["tcp://127.0.0.1\n:5"]"#, end: ""),
            ["f.yaml:4:35: outputs.forecasts.bind[0]: expected tcp://address:port with"]
        ),
        (
            text(#"connect: ["tcp://a:1"]"#, #"bind: ["tcp://*"], insecure: true"#, end: ""),
            ["f.yaml:4:35: outputs.forecasts.bind[0]: expected tcp://address:port with"]
        ),
        (
            text(#"connect: ["tcp://a:1"]"#, #"bind: ["ipc:///f\n", "ipc:///f\n"]"#, end: ""),
            [#"f.yaml:4:49: outputs.forecasts.bind[1]: ipc:///f\n stands in this list already"#]
        ),
        // With keys.
        (
            text(#"connect: ["tcp://a:1"]"#, end: curve),
            [#"f.yaml:2:3: inputs.plant: missing key "server_key": the public key of whom"#]
        ),
        (
            text(#"connect: ["tcp://a:1"], server_key: "short""#, end: curve),
            [
                "f.yaml:2:60: inputs.plant.server_key: expected a public key, 40 characters as `forecastd keygen` prints"
            ]
        ),
        (
            text(#"bind: ["ipc:///a"], server_key: "\#(key)""#, end: curve),
            ["f.yaml:2:56: inputs.plant.server_key: only for a socket that connects"]
        ),
        (
            text(#"connect: ["tcp://a:1"], server_key: "\#(key)", clients: x"#, end: curve),
            ["f.yaml:2:113: inputs.plant.clients: only for a socket that others connect to"]
        ),
        (
            text(#"bind: ["tcp://*:1"]"#, end: "curve: {secret_key: s}"),
            [#"f.yaml:2:3: inputs.plant: missing key "clients", here or in curve"#]
        ),
        (
            text(#"connect: ["tcp://a:1"], server_key: "\#(key)", insecure: true"#, end: curve),
            ["f.yaml:2:60: inputs.plant.server_key: contradicts insecure: true"]
        ),
        (
            text(#"bind: ["ipc:///a"], clients: x"#, #"bind: ["ipc:///f"]"#, end: ""),
            ["f.yaml:2:53: inputs.plant.clients: needs the daemon's own key: write curve"]
        ),
        (
            text(#"bind: ["ipc:///a"]"#, end: "curve: {clients: c}"),
            [#"f.yaml:9:8: curve: missing key "secret_key""#]
        ),
        (
            text(#"bind: ["ipc:///a"]"#, end: #"curve: {clients: c, secret_key: "\#(key)"}"#),
            ["f.yaml:9:33: curve.secret_key: expected the path of a file, found a key"]
        ),
    ]

    @Test(arguments: problems) func isReported(text: String, expected: [String]) {
        let problems = ConfigurationSample.problems(text)
        #expect(problems.count == expected.count, "\(problems)")
        for (problem, start) in zip(problems, expected) { #expect(problem.hasPrefix(start), "\(problem)") }
    }

    /// Addresses of this machine need no word; with keys, any address is fine.
    @Test(arguments: [
        "tcp://127.0.0.1:*", "tcp://127.1.2.3:4", "tcp://[::1]:5", "tcp://localhost:5", "tcp://lo:5",
        "ipc:///a",
    ])
    func anAddressOfThisMachineNeedsNoWord(endpoint: String) throws {
        let text = Self.text("bind: [\"\(endpoint)\"]", #"bind: ["ipc:///f"]"#, end: "")
        #expect(ConfigurationSample.problems(text) == [])
    }

    @Test func filesStandBesideTheConfiguration() throws {
        let text = Self.text(
            #"bind: ["tcp://*:1"], clients: senders"#, #"bind: ["tcp://*:5"], clients: /r"#,
            end:
                "curve: {secret_key: $CREDENTIALS_DIRECTORY/key, clients: c}\nhttp: {bind: \"127.0.0.1:1\", token: t}"
        )
        let configuration = try DaemonConfiguration.parse(text, file: "/etc/f/f.yaml")
        #expect(configuration.inputs[0].connection.clients == "/etc/f/senders")
        #expect(configuration.outputs[0].connection.clients == "/r")
        #expect(configuration.curve?.secretKey == "$CREDENTIALS_DIRECTORY/key")
        #expect(configuration.curve?.clients == "/etc/f/c")
        #expect(configuration.http?.token == "/etc/f/t")
    }

    /// Keys are read where a socket asks for proof, and nowhere else.
    @Test func theListsOfSocketsAreRead() throws {
        let folder = try TemporaryFolder()
        let files = try KeyFiles(name: "s", directory: folder.path)
        let (a, b) = (CurveKeyPair.random().publicKey, CurveKeyPair.random().publicKey)
        try folder.write("c", a.text)
        try folder.write("r", b.text)
        func keys(_ text: String) throws -> SocketKeys? {
            try SocketKeys(try DaemonConfiguration.parse(text, file: "\(folder.path)/f.yaml"))
        }
        let end = "curve: {secret_key: s.secret, clients: c}"
        let read = try #require(
            try keys(Self.text(#"bind: ["tcp://*:1"]"#, #"bind: ["tcp://*:5"], clients: r"#, end: end)))
        #expect(read.pair.publicKey.text == files.key)
        #expect(read.clients == ["inputs.plant": [a], "outputs.forecasts": [b]])
        let connecting = try #require(
            try keys(
                Self.text(
                    #"connect: ["tcp://a:1"], server_key: "\#(Self.key)""#, #"bind: ["tcp://*:5"]"#, end: end)
            ))
        #expect(connecting.clients == ["outputs.forecasts": [a]], "nobody connects to the input")
        let none = "curve: {secret_key: none, clients: none}"
        #expect(try keys(Self.text(#"bind: ["tcp://*:1"], insecure: true"#, end: none)) == nil)
        #expect(throws: DaemonError.self) { try keys(Self.text(#"bind: ["tcp://*:1"]"#, end: none)) }
    }
}
