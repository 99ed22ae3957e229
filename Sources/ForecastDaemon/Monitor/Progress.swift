// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// What the pipelines did over the last seconds, and whether each of their threads goes on.
package struct Progress {
    private struct Sample {
        var time: ContinuousClock.Instant
        var observations: UInt64
        var forecasts: UInt64
        var drops: UInt64
        var latencies: TurnLatencies
    }

    /// Samples that rates are taken over.
    private static let sampleCount = 6
    /// How long a thread may be without a turn; one that is idle makes one a second.
    package static let patience = Duration.seconds(10)

    private var samples: [Sample] = []
    /// Each thread's turns when they last had become more, and when that was; empty before the first look.
    private var turns: [(count: UInt64, time: ContinuousClock.Instant)] = []

    /// Begins without a look.
    package init() {}

    /// Takes in a report, to be called once a second.
    package mutating func add(_ report: StatusReport, at now: ContinuousClock.Instant) {
        if samples.count == Self.sampleCount { samples.removeFirst() }
        samples.append(
            Sample(
                time: now, observations: report.observations, forecasts: report.forecasts,
                drops: report.drops, latencies: report.latencies))
    }

    /// What happened per second; nil before the second sample.
    package var rates: DaemonReport.Rates? {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return nil }
        let seconds = (last.time - first.time) / .seconds(1)
        return DaemonReport.Rates(
            observations: Double(last.observations - first.observations) / seconds,
            forecasts: Double(last.forecasts - first.forecasts) / seconds,
            drops: Double(last.drops - first.drops) / seconds)
    }

    /// How long turns took; nil before the second sample.
    package var latency: DaemonReport.Latency? {
        guard let first = samples.first, let last = samples.last, samples.count > 1 else { return nil }
        return DaemonReport.Latency(last.latencies.since(first.latencies))
    }

    /// Looks at the threads' turns: the thread that has been without one for longest, if that is too long.
    package mutating func stalled(
        turnCounts: [UInt64], at now: ContinuousClock.Instant
    ) -> (thread: Int, time: Duration)? {
        if turns.isEmpty { turns = turnCounts.map { ($0, now) } }
        for (index, count) in turnCounts.enumerated() where count > turns[index].count {
            turns[index] = (count, now)
        }
        guard let oldest = turns.indices.min(by: { turns[$0].time < turns[$1].time }) else { return nil }
        let time = now - turns[oldest].time
        return time > Self.patience ? (oldest, time) : nil
    }
}
