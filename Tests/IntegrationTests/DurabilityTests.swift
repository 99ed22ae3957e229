// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// State that is kept: a daemon that was stopped or killed goes on as one that never was.
@Suite(.serialized) struct DurabilityTests {
    static let streams = (0..<6).map { "plant.\($0)" }
    static let rule = "scale: rolling, warmup: 3, horizon: 4, adapt: light, season: 6, anomaly: {debounce: 2}"

    static func scenario(
        rule: String = rule, pipelines: String = "1", durability: String = "interval", more: String = ""
    ) throws -> Scenario {
        try Scenario(
            rule: rule, pipelines: pipelines,
            more: "state: {directory: kept, durability: \(durability), ballast: 1MiB\(more)}")
    }

    /// All that forecasts say but for what tells of the daemon's life and of the clock.
    static func texts(_ received: [Peer.Received]) -> [String] {
        received.map { message in
            let payload = message.payload
            let intervals = [payload.yhat_lower, payload.yhat_upper].map { sides in
                (sides ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            }
            return
                "\(message.topic) \(payload.ts) \(message.sequence) \(payload.status) \(payload.y) \(payload.yhat) "
                + "\(intervals) \(payload.anomaly_score ?? -1) \(payload.quality.warm)"
        }
    }

    static func send(_ seconds: Range<Int>, to scenario: Scenario) throws -> [String] {
        for second in seconds {
            try scenario.send(
                streams.enumerated().map {
                    ForecastTests.json($1, sin(Double(second)) + Double($0 * second % 7), at: second)
                })
        }
        return texts(try scenario.receive(streams.count * seconds.count)).sorted()
    }

    static func restart(_ scenario: Scenario) throws {
        try scenario.restartDaemon()
        try scenario.join(publisher: "in", subscriber: "out")
    }

    /// What a daemon says that is ended after 20, 33 and 61 of 80 seconds.
    static func forecasts(_ scenario: Scenario, endings: [Int: Int32]) throws -> [String] {
        var (begin, forecasts) = (0, [String]())
        for end in endings.keys.sorted() + [80] {
            forecasts += try send(begin..<end, to: scenario)
            begin = end
            guard let signal = endings[end] else { continue }
            let status = scenario.daemon.stop(signal)
            #expect(status == (signal == SIGKILL ? SIGKILL : 0))
            try restart(scenario)
        }
        #expect(scenario.daemon.stop() == 0)
        return forecasts.sorted()
    }

    @Test(arguments: ["1", "3"], ["interval", "commit"])
    func aDaemonThatIsEndedGoesOnAsIfItHadNotBeen(pipelines: String, durability: String) throws {
        let reference = try Self.forecasts(try Self.scenario(), endings: [:])
        let scenario = try Self.scenario(pipelines: pipelines, durability: durability)
        let forecasts = try Self.forecasts(scenario, endings: [20: SIGKILL, 33: SIGTERM, 61: SIGKILL])
        #expect(forecasts == reference)
        #expect(scenario.daemon.logText.contains("observations from the journal"))
    }

    /// Also before the first value comes.
    @Test(arguments: ["1", "3"]) func streamsThatWereKeptAreCountedFromTheStart(pipelines: String) throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            rule: Self.rule, pipelines: pipelines,
            more: "state: {directory: kept, ballast: 1MiB}\nhttp: {bind: \"127.0.0.1:\(port)\"}")
        _ = try Self.send(0..<4, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        try scenario.restartDaemon()
        try eventually("the streams and the one of the probes are counted") {
            let metrics = try PrometheusTests.metrics(port: port)
            return PrometheusTests.figure("forecastd_streams_known", in: metrics) == 7
                && PrometheusTests.figure(#"forecastd_streams{status="ok"}"#, in: metrics) == 6
        }
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func withoutAJournalTheLastSnapshotIsWhatThereIs() throws {
        let scenario = try Self.scenario(durability: "none")
        let first = try Self.send(0..<20, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        try Self.restart(scenario)
        let second = try Self.send(20..<30, to: scenario)
        #expect(scenario.daemon.stop(SIGKILL) == SIGKILL)
        try Self.restart(scenario)
        #expect(try Self.send(20..<30, to: scenario) == second)
        let reference = try Self.forecasts(try Self.scenario(), endings: [:])
        #expect(Set(first + second).isSubset(of: reference))
    }

    @Test func streamsOfAChangedRuleBeginAnew() throws {
        let scenario = try Self.scenario()
        _ = try Self.send(0..<20, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        scenario.configuration = scenario.configuration.replacing("horizon: 4", with: "horizon: 5")
        try Self.restart(scenario)
        _ = try Self.send(20..<21, to: scenario)
        // The stream of the probes is one of them.
        #expect(
            scenario.daemon.logText.contains(
                "7 streams begin anew, because their rule or model is another now"))
        #expect(scenario.daemon.stop() == 0)
    }

    static func run(_ scenario: Scenario, _ more: [String] = []) throws -> (status: Int32, errors: String) {
        let file = scenario.directory.url.appending(path: "again.yaml")
        try scenario.configuration.write(to: file, atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.run(["run", "--config", "again.yaml"] + more, in: scenario.directory)
        return (ended.status, ended.errors)
    }

    @Test func oneDaemonHasTheDirectory() throws {
        let scenario = try Self.scenario()
        let second = try Self.run(scenario)
        #expect(second.status == 69 && second.errors.contains("no other daemon uses"), "\(second.errors)")
        #expect(scenario.daemon.stop() == 0)
        let kept = scenario.directory.url.appending(path: "kept").path
        #expect(chmod(kept, 0o750) == 0)
        let open = try Self.run(scenario)
        #expect(open.status == 77 && open.errors.contains("chmod 700"), "\(open.errors)")
    }

    @Test func whatIsDestroyedIsNamedAndNotPassedOver() throws {
        let scenario = try Self.scenario(durability: "commit")
        _ = try Self.send(0..<400, to: scenario)
        // The end says that all is durable; without snapshots all of it is read.
        #expect(scenario.daemon.stop() == 0)
        let folder = scenario.directory.url.appending(path: "kept/0")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for snapshot in files where snapshot.hasPrefix("snapshot-") {
            try FileManager.default.removeItem(at: folder.appending(path: snapshot))
        }
        let segment = try #require(files.filter { $0.hasPrefix("journal-") }.min())
        let file = try FileHandle(forUpdating: folder.appending(path: segment))
        try file.seek(toOffset: 4096 + 20_000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 4096 + 20_000)
        try file.write(contentsOf: [byte ^ 1])
        try file.close()
        let ended = try Self.run(scenario)
        #expect(ended.status == 65 && ended.errors.contains("--accept-loss"), "\(ended.errors)")
        #expect(ended.errors.contains(segment), "\(ended.errors)")
        scenario.arguments = ["--accept-loss"]
        try Self.restart(scenario)
        _ = try Self.send(400..<402, to: scenario)
        #expect(scenario.daemon.logText.contains("going on without them"))
        #expect(scenario.daemon.stop() == 0)
    }
}
