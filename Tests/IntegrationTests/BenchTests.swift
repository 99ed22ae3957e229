// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `forecastd bench` measures something, and cleans up behind itself.
@Suite struct BenchTests {
    struct Report: Decodable {
        struct Rule: Decodable {
            struct Step: Decodable {
                var batch: Int
                var microseconds: Double
            }
            var match: String
            var steps: [Step]
            var values_per_second: Double
            var streams_carried: Int
            var bytes_per_stream: Int
        }
        var pipelines: Int
        var rules: [Rule]
    }

    /// A configuration with rules of all kinds.
    private func write(pipelines: Int, in directory: TemporaryDirectory) throws {
        try Peer().perform(
            "model", ["path": directory.url.appending(path: "model.safetensors").path, "seed": 1])
        try """
        inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:9"], format: text}}
        outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:10"]}}
        models: {pump: {weights: model.safetensors}, window: {weights: model.safetensors, mode: window, window: 4}}
        streams:
          - {match: "a.*", model: pump}
          - {match: "b.*", model: window, horizon: 3}
          - {match: "c.*", model: pump, every: 100ms, lateness: 250ms, values: {minimum: 50}, anomaly: {}}
          - {match: "d.*", model: pump, every: auto, gaps: {fill: forecast, limit: 1h}}
        streams_limit: 5
        pipelines: \(pipelines)
        """.write(to: directory.url.appending(path: "f.yaml"), atomically: false, encoding: .utf8)
    }

    @Test(arguments: [1, 2]) func reportsEveryRule(pipelines: Int) throws {
        let directory = try TemporaryDirectory()
        try write(pipelines: pipelines, in: directory)
        let ended = try DaemonProcess.run(
            [
                "bench", "--config", "f.yaml", "--json", "--duration", "100ms", "--streams", "20", "--every",
                "10s",
            ], in: directory)
        #expect(ended.status == 0, "\(ended.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8))
        #expect(report.pipelines == pipelines && report.rules.map(\.match) == ["a.*", "b.*", "c.*", "d.*"])
        for rule in report.rules {
            #expect(rule.values_per_second > 0 && rule.bytes_per_stream > 0)
            #expect(rule.streams_carried == Int(rule.values_per_second * 10))
            #expect(rule.steps.map(\.batch) == [1, 8, 64] && rule.steps.allSatisfy { $0.microseconds > 0 })
        }
    }

    @Test func leavesNothingBehindWhenInterrupted() throws {
        let directory = try TemporaryDirectory()
        try write(pipelines: 1, in: directory)
        let temporary = directory.url.appending(path: "t")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
        let bench = try CommandProcess(
            [
                "TMPDIR=\(temporary.path)", DaemonProcess.binary.path, "bench", "--config",
                directory.url.appending(path: "f.yaml").path, "--duration", "10m",
            ], program: "/usr/bin/env")
        #expect(try bench.nextErrorLine().hasPrefix("bench: measuring 4 rules"))
        while try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty { usleep(1000) }
        bench.send(SIGINT)
        #expect(try bench.errorRest().last?.contains("ended by a signal") == true)
        #expect(try bench.end() == 69)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == [])
    }
}
