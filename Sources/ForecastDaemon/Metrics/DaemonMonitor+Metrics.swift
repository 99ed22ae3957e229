// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import Monitoring

// The figures that Prometheus asks for.
extension DaemonMonitor {
    /// The most streams that have figures of their own.
    static let metricStreamsLimit = 1000

    package func metrics() async throws(MonitoringProblem) -> [MetricFamily] {
        var isReady = true
        do throws(MonitoringProblem) { try checkReadiness() } catch { isReady = false }
        var info = MetricFamily("forecastd_build_info", .gauge, "1; the label says which version runs.")
        info.add(1, ["version": VersionReport.version])
        var reloads = MetricFamily(
            "forecastd_reloads_total", .counter,
            "Reloads that were done, and that failed and changed nothing.")
        reloads.add(Double(plans.reloads.done), ["result": "done"])
        reloads.add(Double(plans.reloads.failed), ["result": "failed"])
        let process =
            [
                info, reloads,
                MetricFamily(
                    "forecastd_ready", .gauge, "1 while values are taken in, as /readyz says.",
                    isReady ? 1 : 0),
                MetricFamily(
                    "forecastd_pipelines", .gauge, "Engines that the streams are divided among.",
                    Double(plan.pipelineCount)),
            ] + ProcessFigures().metrics
        guard let report = mailbox.newestReport else { return process }
        return process + report.metrics(plan) + StreamReport.metrics(try? await metricStreams())
    }

    /// The streams that were chosen to have figures of their own, in no order; nil where none were.
    private func metricStreams() async throws(MonitoringProblem) -> StreamPage? {
        guard !metricPatterns.isEmpty else { return nil }
        var chosen = StreamPage(streams: [], next: nil)
        var names: Set<String> = []
        for pattern in metricPatterns {
            var after: String?
            repeat {
                let room = Self.metricStreamsLimit - chosen.streams.count
                guard room > 0 else { return StreamPage(streams: chosen.streams, next: pattern) }
                let page = try await streams(match: pattern, after: after, limit: room)
                chosen.streams += page.streams.filter { names.insert($0.stream).inserted }
                after = page.next
            } while after != nil
        }
        return chosen
    }
}

extension StreamReport {
    /// Figures of single streams; `next` of the page says that there are more.
    static func metrics(_ page: StreamPage?) -> [MetricFamily] {
        func family(
            _ name: String, _ help: String, _ figure: (StreamReport) -> Double?
        ) -> MetricFamily {
            var family = MetricFamily("forecastd_stream_" + name, .gauge, help)
            for stream in page?.streams ?? [] { family.add(figure(stream), ["stream": stream.stream]) }
            return family
        }
        var coverage = MetricFamily(
            "forecastd_stream_coverage_ratio", .gauge, "The share of values of late that intervals held.")
        for stream in page?.streams ?? [] {
            for (level, share) in stream.score?.coverage ?? [:] {
                coverage.add(share, ["stream": stream.stream, "level": level])
            }
        }
        return [
            family("value", "The newest value.") { $0.newest.y },
            family("forecast", "What is forecast for the next tick.") { $0.yhat },
            family("age_seconds", "Seconds since the newest value's time.") { $0.age },
            family("error", "Mean absolute error of late, in the stream's unit.") { $0.score?.mae },
            family("skill_ratio", "1 - error / error of repeating the last value, of late.") {
                $0.score?.skill
            },
            coverage,
            family("anomaly_score", "How unusual the newest value is; above 1 is an anomaly.") {
                $0.anomaly?.score
            },
            MetricFamily(
                "forecastd_stream_metrics_truncated", .gauge,
                "1 if http.metrics_streams chooses more streams than have figures.",
                page.map { $0.next == nil ? 0 : 1 }),
        ]
    }
}
