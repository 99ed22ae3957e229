// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The windows of many series that can be drawn.
struct WindowSet: Sendable {
    /// One window: where it begins, and in which series.
    struct Origin: Sendable, Equatable {
        var series: Int
        var start: Int
    }

    /// The starts in each series that has any.
    private var series: [(index: Int, starts: [Int32])] = []

    /// Whether there is none.
    var isEmpty: Bool { series.isEmpty }
    /// Windows in all.
    var count: Int { series.reduce(0) { $0 + $1.starts.count } }
    /// The series that have any.
    var seriesIndices: [Int] { series.map(\.index) }

    mutating func append(series index: Int, starts: [Int32]) {
        if !starts.isEmpty { series.append((index, starts)) }
    }

    /// Draws windows: each series is as likely as any other, and in it each start.
    func draw(_ count: Int, using random: inout SplitMix64) -> [Origin] {
        (0..<count).map { _ in
            let (index, starts) = series[Int.random(in: series.indices, using: &random)]
            return Origin(series: index, start: Int(starts[Int.random(in: starts.indices, using: &random)]))
        }
    }

    /// At most `limit` windows, spread evenly over the series, and in each over its length.
    func spread(limit: Int) -> [Origin] {
        let shown = min(series.count, limit)
        return (0..<shown).flatMap { place in
            let (index, starts) = series[place * series.count / shown]
            let count = min(starts.count, (limit - place - 1) / shown + 1)
            return (0..<count).map {
                Origin(
                    series: index,
                    start: Int(starts[count == 1 ? starts.count / 2 : $0 * (starts.count - 1) / (count - 1)]))
            }
        }
    }

    /// The last window of each of at most `limit` series, spread evenly over them.
    func lasts(limit: Int) -> [Origin] {
        let shown = min(series.count, limit)
        return (0..<shown).map { place in
            let (index, starts) = series[place * series.count / shown]
            return Origin(series: index, start: Int(starts[starts.count - 1]))
        }
    }
}
