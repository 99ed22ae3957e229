// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring
import WireFormat

extension StreamHistory {
    /// Says with names what an engine keeps of a stream whose intervals have these levels.
    init(_ trace: StreamTrace, stream: String, levels: [Double]) {
        self.init(
            levels: levels, ticks: trace.points.map { Tick($0) },
            paths: trace.paths.map { $0.map(\.known) },
            forecast: ForecastReport(trace, stream: stream, levels: levels))
    }
}

extension StreamHistory.Tick {
    fileprivate init(_ point: TracePoint) {
        let names: [(TracePoint.Marks, String)] = [
            (.imputed, "imputed"), (.reset, "reset"), (.revised, "revised"), (.anomalous, "anomalous"),
            (.afterGap, "gap"),
        ]
        let marks = names.filter { point.marks.contains($0.0) }.map(\.1)
        self.init(
            ts: point.time.rfc3339, y: point.value, yhat: point.next.known,
            yhatLower: (point.next - Double(point.below)).known,
            yhatUpper: (point.next + Double(point.above)).known,
            anomalyScore: Double(point.anomalyScore).known, marks: marks.isEmpty ? nil : marks)
    }
}

extension ForecastReport {
    fileprivate init(_ trace: StreamTrace, stream: String, levels: [Double]) {
        let isStale = trace.status == .stale
        let point = trace.points[trace.points.count - 1]
        let yhat = trace.paths.last ?? []
        var ends: (lower: [String: [Double]], upper: [String: [Double]]) = ([:], [:])
        for (index, level) in levels.enumerated() where !isStale {
            let first = 2 * index * yhat.count
            let lower = yhat.indices.map { yhat[$0] - Double(trace.margins[first + $0]) }
            let upper = yhat.indices.map { yhat[$0] + Double(trace.margins[first + yhat.count + $0]) }
            guard (lower + upper).allSatisfy(\.isFinite) else { continue }
            (ends.lower["\(level)"], ends.upper["\(level)"]) = (lower, upper)
        }
        self.init(
            stream: stream, ts: point.time.rfc3339, y: point.value,
            every: trace.period == 0 ? "event" : Duration.nanoseconds(trace.period).text,
            status: trace.status.word, seq: trace.sequence, yhat: yhat.map { isStale ? nil : $0.known },
            yhatLower: ends.lower.isEmpty ? nil : ends.lower,
            yhatUpper: ends.upper.isEmpty ? nil : ends.upper)
    }
}

extension Double {
    /// The number, if it is one that JSON has.
    fileprivate var known: Double? { isFinite ? self : nil }
}
