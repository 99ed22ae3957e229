// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Streams divided among several pipelines: the same forecasts by the same endpoints as with one.
@Suite(.serialized) struct PipelinesTests {
    static let streams = (0..<24).map { "plant.\($0)" }

    /// Every stream's forecasts in order, as one pipeline or several make them.
    static func forecasts(pipelines: String) throws -> [String: [Peer.Received]] {
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 3, horizon: 5", limit: 26, pipelines: pipelines)
        for second in 0..<40 {
            try scenario.send(
                streams.enumerated().map { ForecastTests.json($1, sin(Double($0 * second)), at: second) })
        }
        let received = try scenario.receive(40 * streams.count)
        #expect(scenario.daemon.stop() == 0)
        return Dictionary(grouping: received, by: \.topic)
    }

    @Test func theirNumberDoesNotChangeADigit() throws {
        let reference = try Self.forecasts(pipelines: "1")
        #expect(Set(reference.keys) == Set(Self.streams))
        for pipelines in ["2", "7", "auto"] {
            let forecasts = try Self.forecasts(pipelines: pipelines)
            for stream in Self.streams {
                let (one, several) = (try #require(reference[stream]), try #require(forecasts[stream]))
                #expect(
                    several.map(\.payload.seq) == Array(1...40) && several.map(\.sequence) == Array(1...40))
                #expect(several.map(\.payload.yhat) == one.map(\.payload.yhat), "\(stream) with \(pipelines)")
                #expect(several.map(\.payload.status) == one.map(\.payload.status))
            }
        }
    }

    @Test func theyShareTheLimitOfStreams() throws {
        let scenario = try Scenario(limit: 10, pipelines: "4")
        for second in 0..<3 {
            try scenario.send((0..<50).map { ForecastTests.json("plant.\($0)", Double(second), at: second) })
        }
        let received = try scenario.receive(3 * 9)  // the probe's stream is the tenth
        #expect(Set(received.map(\.topic)).count == 9)
        #expect(scenario.daemon.stop() == 0)
        #expect(scenario.daemon.logText.contains("streams_limit \(3 * 41)"))
    }

    /// What has arrived when the daemon is told to stop is forecast before it ends, though rings are full.
    @Test func aStopLosesNothingThatHasArrived() throws {
        // The forecasts wait for the subscriber however slow this machine is.
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0", outputKeys: "socket: pub, linger: 60s", pipelines: "3")
        // A probe's number says how many there were before, also of those that no subscriber got.
        try scenario.send([["probe", #"{"value":0}"#]])
        let probes = try #require(try scenario.receiveAny(1).first?.sequence)
        let count = 5000
        for start in stride(from: 0, to: count, by: 1000) {
            try scenario.send((start..<start + 1000).map { ForecastTests.json("s\($0 % 50)", 1, at: $0) })
        }
        let first = try scenario.receiveAny(1)
        #expect(scenario.daemon.stop() == 0)
        let log = scenario.daemon.logText
        let published = try #require(log.firstMatch(of: #/forecasts=(\d+)/#).flatMap { Int($0.1) })
        let received = first + (try scenario.receiveAny(published - probes - 1))
        #expect(log.contains("observations=\(published)"))
        for (stream, forecasts) in Dictionary(grouping: received, by: \.topic) where stream != "probe" {
            #expect(forecasts.map(\.sequence) == Array(1...forecasts.count), "\(stream)")
        }
    }
}
