// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Foundation
import Monitoring
import Testing
import ZeroMQ

/// The figures for Prometheus: what they are, and what speaks of them.
@Suite struct MetricsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// All families of a daemon that is well, those without figures included.
    static func families() async throws -> [MetricFamily] {
        var families: [MetricFamily] = []
        try await DaemonMonitorTests().withPipelines(1) { monitor, _ in families = try await monitor.metrics()
        }
        return families + DaemonReport.Viewers(now: 0, dropped: 0).metrics
    }

    /// Where the list is wrong, this says how it would be right.
    @Test func theDocumentListsThem() async throws {
        let families = try await Self.families()
        #expect(Set(families.map(\.name)).count == families.count)
        let rows = try Self.text("Documentation/Monitoring.md").split(separator: "\n").filter {
            $0.hasPrefix("| `forecastd_") || $0.hasPrefix("| `process_")
        }
        var listed: [String: [String]] = [:]
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == 4, "\(row)")
            listed[cells[0].trimmingCharacters(in: ["`"])] = Array(cells.dropFirst())
        }
        for family in families {
            let labels = Set(family.samples.flatMap(\.labels.keys)).subtracting(["le"]).sorted()
                .joined(separator: ", ")
            guard let cells = listed.removeValue(forKey: family.name) else {
                Issue.record("missing: | `\(family.name)` | \(family.kind) | \(labels) | \(family.help) |")
                continue
            }
            #expect(cells[0] == "\(family.kind)", "\(family.name)")
            #expect(cells[2] == family.help, "\(family.name)")
            if !family.samples.isEmpty { #expect(cells[1] == labels, "\(family.name)") }
        }
        #expect(listed.keys.sorted() == [])
    }

    @Test(arguments: ["config/grafana/forecastd.json", "config/prometheus/forecastd.rules.yaml"])
    func whatIsAskedForExists(path: String) async throws {
        var names: Set<String> = []
        for family in try await Self.families() {
            let suffixes = family.kind == .histogram ? ["_bucket", "_sum", "_count"] : [""]
            names.formUnion(suffixes.map { family.name + $0 })
        }
        // What precedes a selector, a range or an operator; not the names of jobs, files and commands.
        let used = Set(
            try Self.text(path).matches(of: #/\b(?:forecastd|process)_[a-z0-9_]+/#).map { String($0.output) })
        #expect(used.count >= 15)
        #expect(used.subtracting(names).sorted() == [])
    }

    /// The start of the process, beside the start of the machine as the kernel says it, in whole seconds.
    @Test func theStartIsTold() async throws {
        let family = try await Self.families().first { $0.name == "process_start_time_seconds" }
        let start = try #require(family?.samples.first?.value)
        let machine = try String(contentsOfFile: "/proc/stat", encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
        let process = try String(contentsOfFile: "/proc/self/stat", encoding: .utf8).split(separator: ")")
            .last
        let ticks = try #require(process?.split(separator: " ").dropFirst(19).first.flatMap { Double($0) })
        #expect(abs(start - (try #require(machine) + ticks / 100)) < 3, "\(start)")
    }

    /// Counts come out under the names of what they count.
    @Test func countsAreTold() throws {
        var report = ServiceTests.busy
        report.statuses[Int(Forecast.Status.stale.rawValue)] = 4
        report.inputs[0].sequences.missed = 7
        report.inputs[0].connections.open = 2
        var status = StateStatus()
        (status.isFull, status.lost) = (true, 9)
        report.state = status
        let plan = try DaemonMonitorTests().plan(pipelines: 1)
        let lines = Set(PrometheusText.text(report.metrics(plan)).split(separator: "\n").map(String.init))
        for line in [
            #"forecastd_input_drops_total{input="plant",reason="syntax"} 2"#,
            #"forecastd_input_drops_total{input="plant",reason="late"} 3"#,
            #"forecastd_input_drops_total{input="lab",reason="late"} 0"#,
            #"forecastd_input_missed_total{input="plant"} 7"#,
            #"forecastd_input_connections{input="plant"} 2"#,
            #"forecastd_input_observations_total{input="lab"} 1000"#,
            #"forecastd_input_restored_total{input="lab"} 1"#,
            #"forecastd_output_drops_total{output="forecasts"} 4"#,
            #"forecastd_output_refused_subscriptions_total{output="forecasts"} 2"#,
            #"forecastd_output_replay_messages_total{output="forecasts"} 1000"#,
            #"forecastd_output_replay_refusals_total{output="forecasts",reason="malformed"} 3"#,
            #"forecastd_streams{status="stale"} 4"#, "forecastd_streams_known 6", "forecastd_resets_total 5",
            "forecastd_state_disk_full 1", "forecastd_state_lost_observations_total 9",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("forecastd_state_snapshot_timestamp_seconds") })
        report.state = nil
        #expect(!PrometheusText.text(report.metrics(plan)).contains("forecastd_state_"))
    }
}
