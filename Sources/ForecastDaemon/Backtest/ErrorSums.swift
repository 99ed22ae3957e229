// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Sums of errors.
struct ErrorSums: Sendable {
    /// By how much one value was missed, by each way to forecast it.
    struct Misses {
        var forecast: Double
        var persistence: Double
        var seasonal: Double
        var frozen: Double
    }

    /// Of one way to forecast.
    struct Method: Sendable {
        var squares = 0.0
        var sizes = 0.0

        mutating func add(_ miss: Double) {
            squares += miss * miss
            sizes += abs(miss)
        }

        static func += (sums: inout Method, more: Method) {
            sums.squares += more.squares
            sums.sizes += more.sizes
        }
    }

    /// Of the intervals of one level.
    struct Interval: Sendable {
        var count = 0
        var hits = 0
        var widths = 0.0
        var scores = 0.0

        static func += (sums: inout Interval, more: Interval) {
            sums.count += more.count
            sums.hits += more.hits
            sums.widths += more.widths
            sums.scores += more.scores
        }
    }

    private(set) var count = 0
    private(set) var forecast = Method()
    private(set) var persistence = Method()
    private(set) var seasonal = Method()
    private(set) var frozen = Method()
    private(set) var intervals: [Interval]

    init(levelCount: Int) { intervals = [Interval](repeating: Interval(), count: levelCount) }

    /// Takes in one value, with the margins of the interval around the forecast, of each level first that below; NaN
    /// where there was none.
    mutating func add(_ misses: Misses, levels: [Double], margin: (Int) -> Double) {
        count += 1
        forecast.add(misses.forecast)
        persistence.add(misses.persistence)
        seasonal.add(misses.seasonal)
        frozen.add(misses.frozen)
        for (index, level) in levels.enumerated() {
            let (below, above) = (margin(2 * index), margin(2 * index + 1))
            guard below.isFinite else { continue }
            let outcome = IntervalOutcome(
                error: misses.forecast, below: below, above: above, level: level)
            intervals[index].count += 1
            intervals[index].hits += outcome.isHeld ? 1 : 0
            intervals[index].widths += outcome.width
            intervals[index].scores += outcome.score
        }
    }

    static func += (sums: inout ErrorSums, more: ErrorSums) {
        sums.count += more.count
        sums.forecast += more.forecast
        sums.persistence += more.persistence
        sums.seasonal += more.seasonal
        sums.frozen += more.frozen
        for index in sums.intervals.indices { sums.intervals[index] += more.intervals[index] }
    }
}
