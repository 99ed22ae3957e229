// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The figures as Prometheus sees them: Debian's, with our configuration, rules and dashboard.
@Suite(.serialized) struct PrometheusTests {
    static let folder = DaemonProcess.root.appending(path: "config/prometheus")

    /// Runs promtool in the folder of our rules.
    @discardableResult
    static func promtool(_ arguments: [String], input: String = "") throws -> String {
        let (process, output, entry) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        (process.standardInput, process.standardOutput, process.standardError) = (entry, output, output)
        try process.run()
        try entry.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try entry.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "promtool \(arguments): \(text)")
        return text
    }

    @Test func configurationAndRulesAreValid() throws {
        try Self.promtool(["check", "config", "prometheus.yaml"])
        let checked = try Self.promtool(["check", "rules", "forecastd.rules.yaml"])
        #expect(checked.contains("17 rules found"), "\(checked)")
    }

    @Test func eachRuleFiresAndRests() throws {
        try Self.promtool(["test", "rules", "forecastd.rules.test.yaml"])
        func count(_ pattern: Regex<Substring>, in file: String) throws -> Int {
            try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8).matches(of: pattern)
                .count
        }
        // Two tests for each rule: it fires, it does not.
        #expect(
            try count(#/- name: Forecastd/#, in: "forecastd.rules.test.yaml")
                == 2 * count(#/- alert: Forecastd/#, in: "forecastd.rules.yaml"))
    }

    struct Answer: Decodable {
        struct Result: Decodable {
            struct Series: Decodable {
                var metric: [String: String]
                var value: Value
            }
            var result: [Series]
        }
        /// A time and a number as text.
        struct Value: Decodable {
            var number: Double
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                _ = try list.decode(Double.self)
                number = Double(try list.decode(String.self)) ?? .nan
            }
        }
        var status: String
        var data: Result?
    }

    static func ask(_ expression: String, port: UInt16) throws -> Answer {
        let plain = CharacterSet.alphanumerics
        let query = try #require(expression.addingPercentEncoding(withAllowedCharacters: plain))
        let answer = try HTTPExchange.get("/api/v1/query?query=\(query)", port: Int(port))
        return try JSONDecoder().decode(Answer.self, from: Data(answer.unchunkedBody.utf8))
    }

    static func metrics(port: UInt16) throws -> String {
        let answer = try HTTPExchange.get("/metrics", port: Int(port))
        #expect(answer.status == 200)
        return answer.body
    }

    /// The figure of a line, by all that stands before it.
    static func figure(_ name: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap {
            Double($0.dropFirst(name.count + 1))
        }
    }

    @Test(arguments: ["1", "2"]) func figuresAreThoseOfTheMessages(pipelines: String) throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 2, horizon: 2, adapt: light, anomaly: {}", pipelines: pipelines,
            more: "http: {bind: 127.0.0.1:\(port), metrics_streams: [\"plant.1\", \"plant.?\"]}")
        for second in 0..<20 {
            try scenario.send(
                (0..<20).map { ForecastTests.json("plant.\($0)", Double($0 + second), at: second) })
        }
        _ = try scenario.receive(400)
        try scenario.send([["plant.1", "{"]])
        let probes = Double(scenario.probeCount)
        var text = ""
        try eventually("all is reported") {
            text = try Self.metrics(port: port)
            return Self.figure(#"forecastd_input_drops_total{input="plant",reason="syntax"}"#, in: text) == 1
                && Self.figure(#"forecastd_streams{status="ok"}"#, in: text).map { $0 >= 20 } ?? false
                && Self.figure("forecastd_forecast_latency_seconds_count", in: text).map {
                    $0 >= 400 + probes
                } ?? false
        }
        try Self.promtool(["check", "metrics"], input: text)
        let published = try #require(
            Self.figure(#"forecastd_output_forecasts_total{output="forecasts"}"#, in: text))
        #expect(published >= 400 + probes)
        #expect(Self.figure("forecastd_forecast_latency_seconds_count", in: text) == published)
        #expect(Self.figure(#"forecastd_input_connections{input="plant"}"#, in: text) == 1)
        #expect(Self.figure("forecastd_ready", in: text) == 1)
        #expect(Self.figure(#"forecastd_stream_value{stream="plant.1"}"#, in: text) == 20)
        #expect(text.matches(of: #/\nforecastd_stream_value\{/#).count == 10)
        #expect(Self.figure("forecastd_stream_metrics_truncated", in: text) == 0)
        let turns = try #require(Self.figure("forecastd_turn_duration_seconds_count", in: text))
        #expect(turns > 0 && turns <= 3 * published)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Its own process with our configuration, but for ports and times.
    @Test func prometheusScrapesAndAnswers() throws {
        let (port, prometheusPort) = (try Scenario.freePort(), try Scenario.freePort())
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, adapt: light",
            more: """
                http: {bind: 127.0.0.1:\(port)}
                state: {directory: kept, ballast: 1MiB}
                """)
        try scenario.send((0..<50).map { ForecastTests.json("plant.a", Double($0 % 7), at: $0) })
        _ = try scenario.receive(50)
        let text = try String(contentsOf: Self.folder.appending(path: "prometheus.yaml"), encoding: .utf8)
            .replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)").replacing("15s", with: "1s")
            .replacing("forecastd.rules.yaml", with: Self.folder.appending(path: "forecastd.rules.yaml").path)
        let file = scenario.directory.url.appending(path: "prometheus.yaml")
        try text.write(to: file, atomically: false, encoding: .utf8)
        let prometheus = try CommandProcess(
            [
                "--config.file=\(file.path)", "--web.listen-address=127.0.0.1:\(prometheusPort)",
                "--storage.tsdb.path=\(scenario.directory.url.path)/tsdb", "--log.level=error",
            ], program: "/usr/bin/prometheus")
        try eventually("Prometheus has the figures") {
            let answer = try? Self.ask("forecastd_input_observations_total", port: prometheusPort)
            return answer?.data?.result.first.map { $0.value.number >= 50 && $0.metric["input"] == "plant" }
                ?? false
        }
        #expect(try Self.ask("up", port: prometheusPort).data?.result.first?.value.number == 1)
        let expressions = try Self.dashboardExpressions()
        #expect(expressions.count > 30)
        for expression in expressions {
            #expect(try Self.ask(expression, port: prometheusPort).status == "success", "\(expression)")
        }
        let rules = try HTTPExchange.get("/api/v1/rules", port: Int(prometheusPort)).unchunkedBody
        #expect(rules.matches(of: #/"name":"Forecastd/#).count == 17)
        // They are judged once a second.
        try eventually("rules are judged") {
            try HTTPExchange.get("/api/v1/rules", port: Int(prometheusPort)).unchunkedBody
                .matches(of: #/"health":"ok"/#).count == 17
        }
        #expect(try prometheus.stop(SIGTERM) == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    /// What the dashboard asks, with its variables put in.
    static func dashboardExpressions() throws -> [String] {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { var expr: String }
                var targets: [Target]?
            }
            var panels: [Panel]
        }
        let data = try Data(contentsOf: DaemonProcess.root.appending(path: "config/grafana/forecastd.json"))
        return try JSONDecoder().decode(Dashboard.self, from: data).panels.flatMap { $0.targets ?? [] }.map {
            $0.expr.replacing("$__rate_interval", with: "1m").replacing("$instance", with: ".*")
        }
    }
}

extension HTTPExchange.Answer {
    /// The body without the lengths of its chunks, if it has them.
    fileprivate var unchunkedBody: String {
        guard headers["transfer-encoding"] == "chunked" else { return body }
        var (plain, rest) = ([UInt8](), Array(body.utf8)[...])
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")),
            let length = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), length > 0
        {
            plain += rest.dropFirst(end - rest.startIndex + 2).prefix(length)
            rest = rest.dropFirst(end - rest.startIndex + 2 + length + 2)
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
