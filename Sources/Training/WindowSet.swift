// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The windows of many series that can be drawn.
package struct WindowSet: Sendable {
    /// One window: where it begins, and in which series.
    package struct Origin: Sendable, Equatable {
        package var series: Int
        package var start: Int
        /// Whether the state goes on from the window before in the same place of the batch; else it is zero.
        package var continues: Bool

        /// Makes the origin of a window that begins from zero state, unless it continues another.
        package init(series: Int, start: Int, continues: Bool = false) {
            (self.series, self.start, self.continues) = (series, start, continues)
        }
    }

    /// Makes an empty set.
    package init() {}

    /// The starts in each series that has any.
    private var series: [(index: Int, starts: [Int32])] = []

    /// Whether there is none.
    var isEmpty: Bool { series.isEmpty }
    /// Windows in all.
    var count: Int { series.reduce(0) { $0 + $1.starts.count } }
    /// The series that have any.
    var seriesIndices: [Int] { series.map(\.index) }

    /// Adds the windows of one series, where it has any.
    package mutating func append(series index: Int, starts: [Int32]) {
        if !starts.isEmpty { series.append((index, starts)) }
    }

    /// Draws windows: each series is as likely as any other, and in it each start.
    func draw(_ count: Int, using random: inout SplitMix64) -> [Origin] {
        (0..<count).map { _ in
            let (index, starts) = series[Int.random(in: series.indices, using: &random)]
            return Origin(series: index, start: Int(starts[Int.random(in: starts.indices, using: &random)]))
        }
    }

    /// Draws a life: windows of one series that follow each other without a gap.
    ///
    /// Short lives are as likely as long ones,
    /// on a logarithmic scale from one window to all that fit between two gaps.
    func drawLife(window: Int, using random: inout SplitMix64) -> (first: Origin, count: Int) {
        let (index, starts) = series[Int.random(in: series.indices, using: &random)]
        let drawn = Int.random(in: starts.indices, using: &random)
        let run = Self.run(in: starts, around: drawn)
        let most = (run.count - 1) / window + 1
        let count = Int(exp(random.uniform() * log(Double(most + 1))))
        let place = Int.random(in: run.lowerBound..<run.upperBound - (count - 1) * window, using: &random)
        return (Origin(series: index, start: Int(starts[place])), count)
    }

    /// The places around one whose starts follow each other row by row.
    private static func run(in starts: [Int32], around place: Int) -> Range<Int> {
        // Never falls; equal where no row is left out.
        func gap(_ place: Int) -> Int { Int(starts[place]) - place }
        func firstPlace(withGapFrom least: Int) -> Int {
            var (low, high) = (0, starts.count)
            while low < high {
                let middle = (low + high) / 2
                if gap(middle) < least { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return firstPlace(withGapFrom: gap(place))..<firstPlace(withGapFrom: gap(place) + 1)
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
