// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What `forecastd state show` prints.
package enum StateView {
    /// Streams, a line each.
    package static func table(_ streams: [StreamReport]) -> String {
        guard !streams.isEmpty else { return "no stream is forecast, or none that matches" }
        let isScored = streams.contains { $0.score != nil }
        let header =
            ["stream", "status", "every", "value", "forecast"] + (isScored ? ["mae", "skill"] : [])
            + ["age", "ticks", "rule"]
        let rows = streams.map { stream in
            let score = [stream.score?.mae.compact ?? "-", ScoreTable.ratio(stream.score?.skill)]
            return
                ([
                    stream.stream, status(stream), stream.every, stream.newest.y.compact,
                    stream.yhat?.compact ?? "-",
                ] + (isScored ? score : [])
                + [age(stream.age), "\(stream.ticks)", "\(stream.rule.number) \(stream.rule.match)"])
                .map(\.printable)
        }
        return TextTable.lines([header] + rows, right: 3..<header.count - 1).joined(separator: "\n")
    }

    /// All that is known of one stream.
    package static func page(_ stream: StreamReport) -> String {
        var rows = [
            ("stream", stream.stream),
            ("status", status(stream) + (stream.gap > 0 ? ", \(stream.gap) ticks filled in" : "")),
            ("newest value", "\(stream.newest.y) at \(stream.newest.ts), \(age(stream.age)) ago"),
        ]
        if stream.every != "event" {
            rows.append(("newest tick", stream.tick.map { "\($0.y) at \($0.ts)" } ?? "none yet"))
        }
        rows += [
            ("next forecast", stream.yhat?.compact ?? "none"),
            ("every", stream.every),
            ("ticks", "\(stream.ticks) since it began or was last reset; \(stream.seq) forecasts"),
            ("rule", "\(stream.rule.number), match \(stream.rule.match)"),
            ("model", "\(stream.model), revision \(stream.revision)"),
            ("scale", stream.scale.map { "mean \($0.mean.compact), std \($0.std.compact)" } ?? "none"),
        ]
        if let season = stream.season { rows.append(("season", "\(season) ticks")) }
        if let window = stream.window {
            rows.append(
                ("window", "\(window.count) values, mean \(window.mean.compact), std \(window.std.compact)"))
            let marks = [window.min, window.p5, window.p50, window.p95, window.max].map(\.compact)
            rows.append(("", "min, 5 %, 50 %, 95 %, max: " + marks.joined(separator: ", ")))
        }
        if let anomaly = stream.anomaly {
            rows.append(
                ("anomaly score", "\(anomaly.score?.compact ?? "none"); \(anomaly.alarms) alarms so far"))
        }
        if let drift = stream.drift {
            let limit = drift.limit.map { ", usually up to \($0.compact)" } ?? ""
            rows.append(
                ("model's error", "\(drift.ratio.compact) times that of repeating the last value\(limit)"))
        }
        for (index, line) in ScoreTable.lines(stream.scores ?? []).enumerated() {
            rows.append((index == 0 ? "scores" : "", line))
        }
        let drops = stream.drops.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        rows.append(("dropped", drops.isEmpty ? "no value" : drops.joined(separator: ", ")))
        for sender in stream.senders ?? [] {
            rows.append(
                (
                    "lost",
                    "\(sender.lost) messages of \(sender.topic) on input \(sender.input); \(sender.repeated) "
                        + "came again, \(sender.reordered) late, numbers began anew \(sender.restarts) times"
                ))
        }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1.printable }
            .joined(separator: "\n")
    }

    private static func status(_ stream: StreamReport) -> String {
        (stream.status == "warming" ? "warming \(Int(stream.warm * 100)) %" : stream.status)
            + (stream.drift?.now == true ? ", drifting" : "")
    }

    /// Seconds as a person reads them.
    package static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<0: "-" + age(-seconds)
        case ..<10: "\((seconds * 10).rounded() / 10)s"
        case ..<120: "\(Int(seconds))s"
        case ..<7200: "\(Int(seconds / 60))m"
        case ..<172_800: "\(Int(seconds / 3600))h"
        default: "\(Int(min(seconds / 86_400, 1e9)))d"
        }
    }
}
