// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// More streams than there is room for in memory.
@Suite(.serialized) struct LifecycleTests {
    static let streams = (0..<1000).map { "plant.\($0)" }

    private struct Status: Decodable {
        struct Streams: Decodable {
            var known, limit, on_disk, disk_bytes: Int
            var spilled, revived, forgotten, lost, unplaced: UInt64
        }
        var streams: Streams
    }

    private static func streams(port: UInt16) throws -> Status.Streams {
        let answer = try HTTPExchange.get("/api/v1/status", port: Int(port))
        return try JSONDecoder().decode(Status.self, from: Data(answer.body.utf8)).streams
    }

    static func scenario(limit: Int, pipelines: String = "1", port: UInt16, rule: String = "") throws
        -> Scenario
    {
        try Scenario(
            rule: DurabilityTests.rule + rule, limit: limit, pipelines: pipelines,
            more:
                "http: {bind: \"127.0.0.1:\(port)\"}\nstate: {directory: kept, ballast: 0B, snapshot_every: 1s}"
        )
    }

    /// Sends a value of each stream for each second, in an order that changes, and gives what is forecast.
    static func send(_ seconds: Range<Int>, to scenario: Scenario) throws -> [String] {
        var forecasts: [String] = []
        for second in seconds {
            let order = streams.indices.sorted {
                ($0 * (2 * second + 1)) % 1009 < ($1 * (2 * second + 1)) % 1009
            }
            try scenario.send(
                order.map {
                    ForecastTests.json(streams[$0], sin(Double(second)) + Double($0 * second % 7), at: second)
                })
            forecasts += DurabilityTests.texts(try scenario.receive(streams.count))
        }
        return forecasts
    }

    @Test(arguments: ["1", "2"])
    func aThousandStreamsInRoomForAHundredAreForecastAsInRoomForAll(pipelines: String) throws {
        let port = try Scenario.freePort()
        let all = try Self.scenario(limit: 2000, port: port)
        let reference = try Self.send(0..<12, to: all).sorted()
        #expect(try Self.streams(port: port).on_disk == 0)
        #expect(all.daemon.stop() == 0)
        let few = try Self.scenario(limit: 100, pipelines: pipelines, port: port)
        var forecasts = try Self.send(0..<4, to: few)
        #expect(few.daemon.stop(SIGKILL) == SIGKILL)
        try DurabilityTests.restart(few)
        forecasts += try Self.send(4..<9, to: few)
        #expect(few.daemon.stop(SIGKILL) == SIGKILL)
        try DurabilityTests.restart(few)
        forecasts += try Self.send(9..<12, to: few)
        #expect(forecasts.sorted() == reference)
        try eventually("all streams are counted") { try Self.streams(port: port).known == 1001 }
        let counts = try Self.streams(port: port)
        #expect(counts.limit == 100 && counts.on_disk >= 900 && counts.disk_bytes > 0, "\(counts)")
        #expect(counts.revived > 2000 && counts.lost + counts.unplaced + counts.forgotten == 0, "\(counts)")
        #expect(few.daemon.stop() == 0)
        // After an end in order all are there as well.
        try DurabilityTests.restart(few)
        try eventually("all streams are known again") { try Self.streams(port: port).known == 1001 }
        #expect(few.daemon.stop() == 0)
    }

    @Test func whatIsDestroyedOnDiskBeginsAnew() throws {
        let port = try Scenario.freePort()
        let scenario = try Self.scenario(limit: 100, port: port)
        _ = try Self.send(0..<2, to: scenario)
        #expect(scenario.daemon.stop() == 0)
        let file = scenario.directory.url.appending(path: "kept/0/spill")
        let size = try Data(contentsOf: file).count
        try Data(count: size).write(to: file)
        try DurabilityTests.restart(scenario)
        let received = try Self.send(2..<3, to: scenario)
        #expect(received.count == 1000)
        try eventually("the streams are counted") { try Self.streams(port: port).lost > 850 }
        #expect(scenario.daemon.logText.contains("the state of a stream, at byte"))
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func anIdleStreamLeavesMemory() throws {
        let port = try Scenario.freePort()
        let scenario = try Self.scenario(limit: 100, port: port, rule: ", idle_ttl: 1s")
        try scenario.send([ForecastTests.json("plant.a", 1, at: 0)])
        _ = try scenario.receive(1)
        try eventually("it has gone to disk") { try Self.streams(port: port).on_disk == 2 }
        try scenario.send([ForecastTests.json("plant.a", 2, at: 1)])
        let received = try scenario.receive(1)
        #expect(received.first?.sequence == 2)
        try eventually("it has come back") { try Self.streams(port: port).revived >= 1 }
        #expect(scenario.daemon.stop() == 0)
    }
}
