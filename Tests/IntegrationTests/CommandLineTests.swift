// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What is wrong with a command line is said in one sentence, with status 64.
@Suite struct CommandLineTests {
    @Test(arguments: [
        (["generate"], "expected one of --host, --signal and --csv FILE"),
        (["generate", "--host", "--csv", "f"], "expected one of --host, --signal and --csv FILE"),
        (
            ["generate", "--host", "--signal"],
            "Value to be set with flag '--signal' had already been set with flag '--host'"
        ),
        (["generate", "--host", "--limit", "0"], "--limit: expected 1 or more, found 0"),
        (["generate", "--host", "--limit=-3"], "--limit: expected 1 or more, found -3"),
        (["generate", "--host", "--every", "0s"], "--every: expected more than no time"),
        (["generate", "--host", "--every", "5"], "The value '5' is invalid for '--every <every>'"),
        (["generate", "--host", "--prefix", "a"], "--prefix: expected none with --host"),
        (
            ["generate", "--signal", "--prefix", "a b"],
            "--prefix: expected at most 100 of A-Z a-z 0-9 . _ : / -, found \"a b\""
        ),
        (["generate", "--signal", "--gaps", "1.5"], "--gaps: expected a share from 0 to 1, found 1.5"),
        (["generate", "--signal", "--late", "nan"], "--late: expected a share from 0 to 1, found nan"),
        (
            ["generate", "--signal", "--late", "0.6", "--gaps", "0.6"],
            "expected --gaps, --duplicates, --late and --corrupt to be at most 1 together"
        ),
        (["generate", "--signal", "--streams", "0"], "--streams: expected 1 to 1000000, found 0"),
        (["generate", "--csv", "f", "--speed", "0"], "The value '0' is invalid for '--speed <speed>'"),
        (
            ["generate", "--csv", "f", "--speed", "1e-300"],
            "The value '1e-300' is invalid for '--speed <speed>'"
        ),
        (
            ["generate", "--host", "--bind", "127.0.0.1:5"],
            "--bind: expected an endpoint such as tcp://127.0.0.1:5556 or ipc:///run/forecastd/in, "
                + "found \"127.0.0.1:5\"; did you mean \"tcp://127.0.0.1:5\"?"
        ),
        (
            ["generate", "--host", "--connect", "tcp://127.0.0.1:*"],
            "--connect: expected tcp://host:port with a port from 1 to 65535, found \"tcp://127.0.0.1:*\""
        ),
        (["tap", "--limit", "0"], "--limit: expected 1 or more, found 0"),
        (["tap", "--duration=-1s"], "The value '-1s' is invalid for '--duration <duration>'"),
        (
            ["tap", "a,b"],
            "expected *, ? and the characters of stream ids (A-Z a-z 0-9 . _ : / -), found \",\" in \"a,b\""
        ),
        (
            ["tap", "--connect", "tcp://h"],
            "--connect: expected tcp://host:port with a port from 1 to 65535, found \"tcp://h\""
        ),
        (
            ["tap", "--drops", "--connect", "tcp://h:1"],
            "--connect is not for --drops, for which the daemon is asked at --url"
        ),
        (
            ["tap", "--url", "http://h:1"],
            "--url is for --drops: forecasts and values have endpoints, see --connect"
        ),
        (["why"], "Missing expected argument '<stream>'"),
        (["run", "now"], "Unexpected argument 'now'"),
        (["check", "--jsn"], "Unknown option '--jsn'. Did you mean '--json'?"),
        (["model", "show"], "Missing expected argument '<file>'"),
        (["keygen"], "Missing expected argument '<name>'"),
        (["keygen", "a/b"], "expected a name of 1 to 64 of A-Z a-z 0-9 . _ -, found \"a/b\""),
        (
            ["tap", "--server-key", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"],
            "--server-key: expected --curve-key FILE with it, one's own key"
        ),
        (
            ["tap", "--server-key", "-ne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"],
            "--server-key: expected --curve-key FILE with it, one's own key"
        ),
        (
            ["send", "--connect", "tcp://h:1", "--producer", "p", "--curve-key", "f"],
            "--curve-key: expected --server-key KEY with it, the key of whom to connect to"
        ),
    ])
    func oneSentenceSaysWhatIsWrong(arguments: [String], sentence: String) throws {
        let ended = try DaemonProcess.run(arguments, in: TemporaryDirectory())
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.split(separator: "\n").first == "Error: \(sentence)")
    }

    /// A result that nobody got is no success.
    @Test(arguments: [["version"], ["version", "--json"], ["check", "--config", "config/forecastd.yaml"]])
    func aFullOutputIsAnError(arguments: [String]) throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = DaemonProcess.binary
        process.arguments = arguments
        process.currentDirectoryURL = project
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 74, "\(text)")
        #expect(text.contains("No space left on device"))
    }

    /// A paragraph that was broken where its source is would be ragged in every terminal.
    @Test(arguments: [
        "run", "check", "generate", "tap", "top", "why", "train", "backtest", "replay", "record", "send",
        "bench", "reload", "keygen", "version", "model show", "state show", "state list", "state export",
        "state import", "state reset", "state revert",
    ])
    func helpIsNotRagged(command: String) throws {
        let help = try CommandProcess(
            ["COLUMNS=10000", DaemonProcess.binary.path] + command.split(separator: " ").map(String.init)
                + ["--help"], program: "/usr/bin/env")
        let text = try help.rest().prefix { !$0.hasPrefix("USAGE:") }
        #expect(try help.end() == 0 && text.first?.hasPrefix("OVERVIEW: ") == true)
        for (line, next) in zip(text, text.dropFirst()) where !line.isEmpty && !line.hasPrefix(" ") {
            #expect(next.isEmpty || next.hasPrefix(" "), "\(line)")
        }
    }

    @Test func theVersionIsPrinted() throws {
        let text = try DaemonProcess.run(["version"], in: TemporaryDirectory())
        #expect(text.status == 0)
        #expect(text.output.hasPrefix("forecastd "))
        let json = try DaemonProcess.run(["version", "--json"], in: TemporaryDirectory())
        let fields = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let keys = ["forecastd", "zeromq", "instruction_set", "instruction_sets", "precisions"]
        #expect(Set(try #require(fields).keys) == Set(keys))
        for key in keys.dropLast(2) {
            let value = try #require(fields?[key] as? String)
            #expect(text.output.contains(value), "\(key)")
        }
    }

    @Test func aTapNeedsAnEndpoint() throws {
        let directory = try TemporaryDirectory()
        try StartTests.yaml().write(
            to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.run(["tap", "--config", "f.yaml"], in: directory)
        #expect(ended.status == 78)
        #expect(
            ended.errors
                == "forecastd: f.yaml: expected an endpoint that a tap can subscribe to, found none; "
                + "use --connect\n")
    }

    @Test func aTapOfSecuredSocketsNeedsAKey() throws {
        let directory = try TemporaryDirectory()
        try """
        inputs: {a: {socket: pull, bind: ["ipc:///tmp/a"]}}
        outputs: {f: {socket: pub, bind: ["ipc:///tmp/f"]}}
        models: {m: {weights: m}}
        streams: [{match: "*", model: m}]
        curve: {secret_key: s, clients: c}
        """.write(to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.run(["tap", "--config", "f.yaml"], in: directory)
        #expect(ended.status == 78)
        #expect(
            ended.errors.hasPrefix("forecastd: f.yaml: its sockets ask for proof: expected --curve-key FILE"))
    }
}
