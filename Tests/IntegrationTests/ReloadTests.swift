// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Rules and models that change while the daemon runs.
@Suite(.serialized) struct ReloadTests {
    struct Report: Decodable {
        struct Stream: Decodable {
            var stream: String
            var change: String
        }
        var done: Bool
        var streams: [String: Int]
        var list: [Stream]?
    }

    struct Status: Decodable {
        struct Reloads: Decodable {
            var done, failed: Int
            var time: String?
        }
        struct Score: Decodable {
            struct Rule: Decodable { var match: String }
            var rule: Rule
            var streams: Int
        }
        struct State: Decodable { var snapshots: Int }
        var reloads: Reloads
        var scores: [Score]
        var state: State?
    }

    static let streams = ["a.0", "a.1", "a.2", "b.0", "b.1", "b.2"]

    /// A daemon with a rule for `a.*` that learns, and one for `b.*` that says what the model says.
    static func scenario(
        pipelines: String = "1", more: String = "", window: Int = 16
    ) throws -> Scenario {
        let scenario = try Scenario(
            rule: DurabilityTests.rule, pipelines: pipelines, more: "control: {path: control}\n\(more)")
        #expect(scenario.daemon.stop() == 0)
        try scenario.peer.perform("model", ["path": Self.second(scenario), "seed": 11, "hidden": 9])
        scenario.configuration = scenario.configuration
            .replacing(
                "models:", with: "models:\n  second: {weights: \(Self.second(scenario))}"
            )
            .replacing(
                "streams:\n",
                with: """
                    streams:
                      - {match: "b.*", model: pump, scale: none, warmup: 0, window_length: \(window), adapt: off}

                    """)
        try scenario.restartDaemon()
        try scenario.join(publisher: "in", subscriber: "out")
        return scenario
    }

    static func second(_ scenario: Scenario) -> String {
        scenario.directory.url.appending(path: "second.safetensors").path
    }

    static func value(_ stream: Int, _ second: Int) -> Double {
        sin(Double(second)) + Double(stream * second % 7)
    }

    static func messages(_ seconds: Range<Int>) -> [[String]] {
        seconds.flatMap { second in
            streams.indices.map { ForecastTests.json(streams[$0], value($0, second), at: second) }
        }
    }

    static func write(_ scenario: Scenario, _ change: (String) -> String) throws {
        let text = change(try String(contentsOf: scenario.daemon.configurationFile, encoding: .utf8))
        try text.write(to: scenario.daemon.configurationFile, atomically: true, encoding: .utf8)
    }

    /// The other model for `b.*`, and a rule for `c.*`.
    static func changed(_ text: String) -> String {
        text.replacing(#""b.*", model: pump"#, with: #""b.*", model: second"#)
            .replacing(
                "streams:\n",
                with: "streams:\n  - {match: \"c.*\", model: pump, horizon: 2, every: 1s, lateness: 30s}\n")
    }

    static func command(
        _ scenario: Scenario, _ arguments: [String] = []
    ) throws -> (status: Int32, output: String, errors: String) {
        try DaemonProcess.run(["reload", "--control", "control"] + arguments, in: scenario.directory)
    }

    static func of(_ stream: String, _ received: [Peer.Received]) -> [Peer.Received] {
        received.filter { $0.topic.hasPrefix(stream) }
    }

    /// What an undisturbed daemon says of `a.*`.
    static func reference(_ seconds: Range<Int>) throws -> [String] {
        let scenario = try Self.scenario()
        try scenario.send(messages(seconds))
        return DurabilityTests.texts(
            of("a.", try scenario.receive(streams.count * seconds.count))
        ).sorted()
    }

    @Test(arguments: ["1", "3"], [true, false])
    func underLoadNothingIsLostAndOthersGoOn(pipelines: String, bySignal: Bool) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Self.scenario(pipelines: pipelines, more: "http: {bind: 127.0.0.1:\(port)}")
        try scenario.send(Self.messages(0..<40))
        var received = try scenario.receive(240)
        try Self.write(scenario, Self.changed)
        let plan = try Self.command(scenario, ["--plan", "--json"])
        let planned = try JSONDecoder().decode(Report.self, from: Data(plan.output.utf8))
        #expect(!planned.done && planned.streams == ["unchanged": 4, "rewarmed": 3])
        #expect(planned.list?.filter { $0.change == "rewarmed" }.map(\.stream) == ["b.0", "b.1", "b.2"])
        // The reload comes in between: only the sender speaks to the peer meanwhile.
        nonisolated(unsafe) let sender = scenario
        let isSent = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for second in stride(from: 40, to: 440, by: 5) {
                try? sender.send(Self.messages(second..<second + 5))
            }
            isSent.signal()
        }
        if bySignal {
            try scenario.daemon.hangUp()
        } else {
            let done = try Self.command(scenario)
            #expect(done.status == 0 && done.output.contains("streams: 4 unchanged, 3 rewarmed"), "\(done)")
        }
        isSent.wait()
        received += try scenario.receive(6 * 400)
        // The sender may have been faster than the reload.
        try scenario.send(Self.messages(440..<450))
        received += try scenario.receive(60)
        #expect(scenario.daemon.logText.contains("streams: 4 unchanged, 3 rewarmed"))
        try scenario.send([
            ["c.0", #"{"ts":1700000000,"value":1}"#], ["c.0", #"{"ts":1700000040,"value":2}"#],
        ])
        #expect(try scenario.receive(1).first?.payload.horizon == 2)
        for stream in Self.streams {
            let sequences = Self.of(stream, received).map(\.sequence)
            #expect(sequences == Array(1...450), "\(stream)")
        }
        let revisions = Self.of("b.1", received).map(\.payload.revision)
        #expect(Set(revisions).count == 2 && Set(received.map(\.payload.epoch)).count == 1)
        let texts = DurabilityTests.texts(Self.of("a.", received)).sorted()
        #expect(texts == (try Self.reference(0..<450)))
        let status = try HTTPTests.decoded("/api/v1/status", port: port, as: Status.self)
        #expect(status.reloads.done == 1 && status.reloads.failed == 0 && status.reloads.time != nil)
        #expect(status.scores.map(\.rule.match) == ["c.*", "*"] && status.scores.map(\.streams) == [1, 4])
        #expect(try HTTPTests.allStreams(port: port, limit: 3).count == 8)
        #expect(scenario.daemon.stop() == 0)
    }

    /// What comes after the reload is what PyTorch says of the window and the value.
    @Test(arguments: [16, 5]) func anotherModelHasRunOverTheWindow(window: Int) throws {
        let scenario = try Self.scenario(window: window)
        try scenario.send(Self.messages(0..<40))
        _ = try scenario.receive(240)
        try Self.write(scenario, Self.changed)
        try scenario.daemon.hangUp()
        try scenario.send(Self.messages(40..<50))
        let received = Self.of("b.1", try scenario.receive(60))
        let values = (40 - window..<50).map { Self.value(4, $0) }
        let expected = try scenario.peer.call(
            "reference", ["path": Self.second(scenario), "values": values], as: [[Double]].self)
        #expect(largestDifference(received, Array(expected.suffix(10))) < 1e-5)
        #expect(received.allSatisfy { $0.payload.model == "second" && $0.payload.status == "ok" })
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func whateverIsWrongTheDaemonGoesOnAsItWas() throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Self.scenario(more: "http: {bind: 127.0.0.1:\(port)}")
        let good = try String(contentsOf: scenario.daemon.configurationFile, encoding: .utf8)
        try scenario.send(Self.messages(0..<20))
        var received = try scenario.receive(120)
        for (change, status, message) in [
            (
                { $0.replacing("model: pump, scale", with: "modl: pump, scale") }, 78,
                "did you mean \"model\"?"
            ),
            ({ $0.replacing("second.safetensors", with: "none.safetensors") }, 66, "none.safetensors"),
            ({ $0.replacing("level: debug", with: "level: info") }, 78, "expected log as at the start"),
            ({ _ in "streams: [" }, 78, ".yaml:"),
        ] as [((String) -> String, Int32, String)] {
            try Self.write(scenario) { _ in change(good) }
            for arguments in [[], ["--plan"]] {
                let done = try Self.command(scenario, arguments)
                #expect(done.status == status && done.errors.contains(message), "\(done)")
            }
        }
        try scenario.daemon.hangUp()
        try Self.write(scenario) { _ in good }
        #expect(try Self.command(scenario).output.hasPrefix("nothing has changed"))
        try scenario.send(Self.messages(20..<40))
        received += try scenario.receive(120)
        #expect(DurabilityTests.texts(Self.of("a.", received)).sorted() == (try Self.reference(0..<40)))
        let status = try HTTPTests.decoded("/api/v1/status", port: port, as: Status.self)
        #expect(status.reloads.done == 1 && status.reloads.failed == 5)
        #expect(scenario.daemon.logText.contains("the configuration before stays in force"))
        #expect(scenario.daemon.stop() == 0)
    }

    /// A crash after a reload: with the snapshot that it brings, or with the one before, both lead on.
    @Test(arguments: [false, true]) func afterACrashStreamsGoOn(withoutSnapshot: Bool) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Self.scenario(
            more: """
                state: {directory: kept, ballast: 1MiB, snapshot_every: 1d}
                http: {bind: 127.0.0.1:\(port)}
                """)
        let folder = scenario.directory.url.appending(path: "kept/0")
        func eventually(snapshots count: Int) throws {
            try IntegrationTests.eventually("\(count) snapshots") {
                // Where nothing comes, nothing new is told.
                try scenario.join(publisher: "in", subscriber: "out")
                return try HTTPTests.decoded("/api/v1/status", port: port, as: Status.self).state?.snapshots
                    == count
            }
        }
        try eventually(snapshots: 1)
        try scenario.send(Self.messages(0..<40))
        var received = try scenario.receive(240)
        try Self.write(scenario, Self.changed)
        try scenario.daemon.hangUp()
        try scenario.send(Self.messages(40..<50))
        received += try scenario.receive(60)
        try eventually(snapshots: 2)
        #expect(scenario.daemon.stop(SIGKILL) == SIGKILL)
        if withoutSnapshot {
            let newest = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasPrefix("snapshot-") }.max()
            try FileManager.default.removeItem(at: folder.appending(path: try #require(newest)))
        }
        scenario.configuration = Self.changed(scenario.configuration)
        try DurabilityTests.restart(scenario)
        let isTold = scenario.daemon.logText.contains("the daemon ended between a reload and its snapshot")
        #expect(isTold == withoutSnapshot, "\(scenario.daemon.logText)")
        try scenario.send(Self.messages(50..<60))
        let last = try scenario.receive(60)
        received += last
        #expect(DurabilityTests.texts(Self.of("a.", received)).sorted() == (try Self.reference(0..<60)))
        let begin = withoutSnapshot ? 0 : 24
        let expected = try scenario.peer.call(
            "reference",
            ["path": Self.second(scenario), "values": (begin..<60).map { Self.value(4, $0) }],
            as: [[Double]].self)
        #expect(largestDifference(Self.of("b.1", last), Array(expected.suffix(10))) < 1e-5)
        #expect(scenario.daemon.stop() == 0)
    }
}
