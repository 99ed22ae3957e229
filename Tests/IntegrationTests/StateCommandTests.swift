// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Commands on the state of a daemon that does not run, beside one that was never ended.
@Suite(.serialized) struct StateCommandTests {
    static let streams = DurabilityTests.streams

    /// A daemon that has lived for some time and was ended, with its configuration in `c.yaml`.
    static func ended(
        after seconds: Int = 20, pipelines: String = "1", ending: Int32 = SIGTERM
    ) throws -> (Scenario, said: [String]) {
        let scenario = try DurabilityTests.scenario(pipelines: pipelines)
        let said = try DurabilityTests.send(0..<seconds, to: scenario)
        #expect(scenario.daemon.stop(ending) == (ending == SIGKILL ? SIGKILL : 0))
        try write(scenario)
        return (scenario, said)
    }

    static func write(_ scenario: Scenario, to name: String = "c.yaml") throws {
        try scenario.configuration.write(
            to: scenario.directory.url.appending(path: name), atomically: false, encoding: .utf8)
    }

    static func run(
        _ scenario: Scenario, _ arguments: [String], config: String = "c.yaml"
    ) throws -> (status: Int32, output: String, errors: String) {
        try DaemonProcess.run(arguments + ["--config", config], in: scenario.directory)
    }

    /// What a daemon says in seconds 20 to 40 that goes on with the state there is.
    static func goOn(_ scenario: Scenario) throws -> [String] {
        try DurabilityTests.restart(scenario)
        let said = try DurabilityTests.send(20..<40, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        return said
    }

    /// What a daemon says in these seconds that was never ended, and one that knew nothing before.
    static let undisturbed = Result { try goingOn(from: 0) }
    static let anew = Result { try goingOn(from: 20) }

    static func goingOn(from second: Int) throws -> [String] {
        let scenario = try DurabilityTests.scenario()
        if second < 20 { _ = try DurabilityTests.send(second..<20, to: scenario) }
        let said = try DurabilityTests.send(20..<40, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        return said
    }

    static func of(_ streams: [String], _ said: [String]) -> [String] {
        said.filter { line in streams.contains { line.hasPrefix($0 + " ") } }
    }

    /// What `DurabilityTests.texts` says of forecasts that were printed.
    static func texts(_ output: String) throws -> [String] {
        let received = try output.split(separator: "\n").map { line in
            let payload = try JSONDecoder().decode(Peer.Received.Payload.self, from: Data(line.utf8))
            return Peer.Received(
                frames: 3, topic: payload.stream, payload: payload, sequence: payload.seq)
        }
        return DurabilityTests.texts(received).sorted()
    }

    struct Listing: Decodable {
        struct Snapshot: Decodable { var record: Int; var problem: String? }
        struct Pipeline: Decodable { var directory: String; var snapshots: [Snapshot]; var records: Int }
        struct Rule: Decodable { var streams: Int }
        struct Stream: Decodable { var stream: String; var ticks: Int; var time: String; var rule: Int }
        var pipelines: [Pipeline]
        var before: [String]
        var rules: [Rule]?
        var streams: [Stream]?
    }

    static func list(_ scenario: Scenario, _ more: [String] = []) throws -> Listing {
        let listed = try run(scenario, ["state", "ls", "--json"] + more)
        #expect(listed.status == 0, "\(listed.errors)")
        return try JSONDecoder().decode(Listing.self, from: Data(listed.output.utf8))
    }

    @Test(arguments: [SIGTERM, SIGKILL]) func whatThereIsIsListed(ending: Int32) throws {
        let (scenario, _) = try Self.ended(ending: ending)
        let one = try Self.list(scenario, ["--streams", "plant.3"])
        #expect(one.streams?.map(\.stream) == ["plant.3"] && one.streams?.first?.rule == 1)
        #expect(one.streams?.first?.ticks == 20)
        // The stream of the probes is one of them.
        #expect(one.rules?.map(\.streams) == [7])
        #expect(one.pipelines.map(\.directory) == ["0"])
        let pipeline = try #require(one.pipelines.first)
        #expect(pipeline.snapshots.allSatisfy { $0.problem == nil })
        // How many there are and what the first one has depends on when it was made.
        if ending == SIGTERM { #expect(pipeline.snapshots.count == 2 && pipeline.records == 0) }
        let kept = scenario.directory.url.appending(path: "kept").path
        let files = try DaemonProcess.run(["state", "ls", "--directory", kept], in: scenario.directory)
        #expect(files.status == 0 && files.output.contains("journal-0000000000000001"), "\(files)")
    }

    @Test func aRunningDaemonHasItsStateForItself() throws {
        let scenario = try DurabilityTests.scenario()
        try Self.write(scenario)
        for command in [
            ["state", "ls"], ["state", "export", "x"], ["state", "reset", "--stream", "*"], ["replay"],
        ] {
            let ended = try Self.run(scenario, command)
            #expect(ended.status == 69, "\(command)")
            #expect(ended.errors.contains("process \(scenario.daemon.identifier)"), "\(ended.errors)")
        }
        #expect(scenario.daemon.stop() == 0)
        let elsewhere = try Self.run(scenario, ["state", "ls", "--directory", "elsewhere"])
        #expect(elsewhere.status == 66 && elsewhere.errors.contains("--directory"), "\(elsewhere.errors)")
    }

    @Test(arguments: ["1", "3"]) func streamsThatAreResetBeginAnewAndTheOthersGoOn(pipelines: String) throws {
        let (scenario, _) = try Self.ended(pipelines: pipelines, ending: SIGKILL)
        let tried = try Self.run(scenario, ["state", "reset", "--stream", "pump.*", "--dry-run"])
        #expect(tried.status == 66 && tried.errors.contains("found none among 7"), "\(tried)")
        let reset = ["state", "reset", "--stream", "plant.?"]
        let dry = try Self.run(scenario, reset + ["--dry-run", "--json"])
        #expect(dry.status == 0 && dry.output.contains(#""isTry":true,"kept":1,"streams":6"#), "\(dry)")
        #expect(try Self.list(scenario).before == [])
        #expect(try Self.run(scenario, ["state", "reset", "--stream", "plant.2"]).status == 0)
        let listing = try Self.list(scenario)
        #expect(listing.rules?.map(\.streams) == [6])
        #expect(listing.pipelines.map(\.directory) == (0..<Int(pipelines)!).map { "1-\($0)" })
        #expect(listing.before == (0..<Int(pipelines)!).map { "\($0)" })
        let said = try Self.goOn(scenario)
        let others = Self.streams.filter { $0 != "plant.2" }
        #expect(Self.of(others, said) == Self.of(others, try Self.undisturbed.get()))
        #expect(Self.of(["plant.2"], said) == Self.of(["plant.2"], try Self.anew.get()))
    }

    @Test func whatWasExportedGoesOnElsewhere() throws {
        let (scenario, _) = try Self.ended(pipelines: "2", ending: SIGKILL)
        let export = try Self.run(scenario, ["state", "export", "streams.state", "--stream", "plant.*"])
        #expect(export.status == 0 && export.output.hasPrefix("6 streams"), "\(export)")
        // Another directory, another number of pipelines; plant.5 has begun there.
        let other = try DurabilityTests.scenario()
        try other.send([ForecastTests.json("plant.5", 1, at: 0)])
        _ = try other.receive(1)
        #expect(other.daemon.stop() == 0)
        try Self.write(other)
        let file = scenario.directory.url.appending(path: "streams.state").path
        let refused = try Self.run(other, ["state", "import", file])
        #expect(refused.status == 65 && refused.errors.contains("plant.5"), "\(refused.errors)")
        // The other daemon's model is made of the same numbers.
        let imported = try Self.run(other, ["state", "import", file, "--replace"])
        #expect(
            imported.status == 0 && imported.output.hasPrefix("6 streams are imported; 7 "), "\(imported)")
        #expect(try Self.goOn(other) == (try Self.undisturbed.get()))

        other.configuration = other.configuration.replacing("horizon: 4", with: "horizon: 5")
        try Self.write(other)
        let changed = try Self.run(other, ["state", "import", file, "--directory", "new"])
        #expect(changed.status == 65 && changed.errors.contains("6 streams (plant."), "\(changed.errors)")
        let reset = try Self.run(other, ["state", "reset", "--stream", "*"])
        #expect(reset.status == 78 && reset.errors.contains("another rule or model"), "\(reset.errors)")
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes[bytes.count / 2] ^= 4
        try bytes.write(to: URL(filePath: file))
        let damaged = try Self.run(scenario, ["state", "import", file, "--replace"])
        #expect(damaged.status == 65 && damaged.errors.contains("is destroyed"), "\(damaged.errors)")
        let snapshot = try Self.run(other, ["state", "import", "kept/layout"])
        #expect(snapshot.status == 65, "\(snapshot.errors)")
    }

    @Test func untilTheLayoutIsReplacedNothingHasHappened() throws {
        let (scenario, _) = try Self.ended(ending: SIGKILL)
        let kept = scenario.directory.url.appending(path: "kept")
        let layout = try Data(contentsOf: kept.appending(path: "layout"))
        #expect(try Self.run(scenario, ["state", "reset", "--stream", "*"]).status == 0)
        // As if the command had been ended while it wrote.
        let files = FileManager.default
        let snapshot = kept.appending(path: "1-0/snapshot-0000000000000001")
        try Data(contentsOf: snapshot).dropLast(9).write(to: kept.appending(path: "1-0/snapshot.part"))
        try files.removeItem(at: snapshot)
        try layout.write(to: kept.appending(path: "layout"))
        try Data(layout.dropLast(3)).write(to: kept.appending(path: "layout.part"))
        #expect(try Self.list(scenario).rules?.map(\.streams) == [7])
        #expect(try Self.run(scenario, ["state", "reset", "--stream", "plant.2"]).status == 0)
        #expect(try Self.list(scenario).pipelines.map(\.directory) == ["1-0"])
        #expect(try Self.run(scenario, ["state", "revert", "--yes"]).status == 0)
        #expect(try Self.goOn(scenario) == (try Self.undisturbed.get()))
    }

    @Test(arguments: ["1", "2"]) func thereIsAWayBack(pipelines: String) throws {
        let (scenario, _) = try Self.ended(pipelines: pipelines)
        #expect(try Self.run(scenario, ["state", "reset", "--stream", "*"]).status == 0)
        let asked = try Self.run(scenario, ["state", "revert"])
        #expect(asked.status == 64 && asked.errors.contains("--yes"), "\(asked)")
        #expect(
            asked.output.contains("without 1 records") && asked.output.contains("stays in 1-0"), "\(asked)")
        #expect(try Self.run(scenario, ["state", "revert", "--yes"]).status == 0)
        #expect(try Self.goOn(scenario) == (try Self.undisturbed.get()))
        // The daemon's own snapshots: the older one is of its first moments.
        func ticks() throws -> Int? {
            try Self.list(scenario, ["--streams", "plant.0"]).streams?.first?.ticks
        }
        #expect(try ticks() == 40)
        let reverted = try Self.run(scenario, ["state", "revert", "--yes", "--json"])
        #expect(reverted.status == 0 && reverted.output.contains(#""snapshot":"snapshot-"#), "\(reverted)")
        let before = try #require(try ticks())
        #expect((20..<40).contains(before))
        // A revert is gone back from as well.
        #expect(try Self.run(scenario, ["state", "revert", "--yes"]).status == 0)
        #expect(try ticks() == 40)
    }

    /// Also when snapshots of what came since could be gone back to.
    @Test func aChangeIsUndoneAfterTheDaemonHasRun() throws {
        let (scenario, _) = try Self.ended()
        let none = try Self.run(scenario, ["state", "revert", "--change", "--yes"])
        #expect(none.status == 66 && none.errors.contains("nothing to go back to"), "\(none)")
        #expect(
            try Self.run(scenario, ["state", "reset", "--stream", "*"]).output.contains(
                "state revert --change"))
        #expect(try Self.goOn(scenario) == (try Self.anew.get()))
        // As where the disk had no room for two snapshots: then the way back is not gone by itself.
        let folder = scenario.directory.url.appending(path: "kept/1-0")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        for name in names.filter({ $0.hasPrefix("snapshot-") }).dropLast() {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        let alone = try Self.run(scenario, ["state", "revert", "--yes"])
        #expect(alone.status == 66 && alone.errors.contains("--change goes back"), "\(alone)")
        #expect(try Self.run(scenario, ["state", "revert", "--change", "--yes"]).status == 0)
        #expect(try Self.goOn(scenario) == (try Self.undisturbed.get()))
    }

    @Test func anotherNumberOfPipelinesDividesTheStreamsAnew() throws {
        let (scenario, said) = try Self.ended(ending: SIGKILL)
        var all = said
        var begin = 20
        for (pipelines, ending) in [("3", SIGKILL), ("2", SIGTERM), ("1", SIGTERM)] {
            scenario.configuration = scenario.configuration.replacing(
                #/pipelines: ./#, with: "pipelines: \(pipelines)")
            try DurabilityTests.restart(scenario)
            #expect(scenario.daemon.logText.contains("are divided among \(pipelines) now"))
            all += try DurabilityTests.send(begin..<begin + 20, to: scenario)
            begin += 20
            _ = scenario.daemon.stop(ending)
        }
        #expect(all.sorted() == (try DurabilityTests.forecasts(try DurabilityTests.scenario(), endings: [:])))
    }

    @Test func replaySaysWhatTheDaemonSaid() throws {
        let (scenario, said) = try Self.ended(ending: SIGKILL)
        let replayed = try Self.run(scenario, ["replay", "--stream", "plant.*"])
        #expect(replayed.status == 0, "\(replayed.errors)")
        #expect(try Self.texts(replayed.output) == said)
    }

    @Test(arguments: ["1", "2"]) func aJournalLeadsFromOneSnapshotToTheNext(pipelines: String) throws {
        let (scenario, _) = try Self.ended(pipelines: pipelines)
        let verified = try Self.run(scenario, ["replay", "--verify"])
        #expect(verified.status == 0 && verified.output.contains("are the same, digest"), "\(verified)")
        #expect(verified.output.split(separator: "\n").count == Int(pipelines))
        // A daemon that has only one snapshot has nothing to compare.
        #expect(try Self.run(scenario, ["state", "reset", "--stream", "plant.1"]).status == 0)
        let nothing = try Self.run(scenario, ["replay", "--verify"])
        #expect(nothing.status == 66 && nothing.errors.contains("two whole snapshots"), "\(nothing)")
    }
    @Test func whereTheJournalLeadsElsewhereItIsSaid() throws {
        let scenario = try DurabilityTests.scenario(rule: DurabilityTests.rule + ", maximum_skew: 1h")
        let begin = Int(Date().timeIntervalSince1970) + 1000
        try scenario.send((0..<20).map { ["plant.0", #"{"ts":\#(begin + $0),"value":\#($0 % 3)}"#] })
        _ = try scenario.receive(20)
        #expect(scenario.daemon.stop() == 0)
        try Self.write(scenario)
        #expect(try Self.run(scenario, ["replay", "--verify"]).status == 0)
        // An engine that takes these times for wrong comes to another state.
        scenario.configuration = scenario.configuration.replacing(
            "maximum_skew: 1h", with: "maximum_skew: 1s")
        try Self.write(scenario)
        let verified = try Self.run(scenario, ["replay", "--verify"])
        #expect(verified.status == 65 && verified.output.contains("different: digest"), "\(verified)")
        #expect(verified.output.contains("plant.0: "), "\(verified)")
        let json = try Self.run(scenario, ["replay", "--verify", "--json"])
        #expect(json.status == 65 && json.output.contains(#""differences":["plant.0"#), "\(json)")
    }
}
