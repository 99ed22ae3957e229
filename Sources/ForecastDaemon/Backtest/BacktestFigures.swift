// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How forecasts of some horizons turned out, in deviations of each column over the rows to train on.
struct BacktestFigures: Sendable, Encodable {
    /// Mean squared and mean absolute error; nil where nothing was forecast, or a mean is too large.
    struct Errors: Sendable, Encodable {
        var mse: Double?
        var mae: Double?
    }

    /// The intervals of one level.
    struct Interval: Sendable, Encodable {
        var level: Double
        /// The share of values that they held.
        var coverage: Double?
        /// Their mean width.
        var width: Double?
        /// Their mean interval score (Winkler 1972).
        var winkler: Double?
    }

    /// The first and the last horizon, in ticks ahead.
    var from: Int
    var to: Int
    /// Rows that forecasts were made at, of each column.
    var origins: Int
    /// Forecasts that met their truth, of all columns and horizons.
    var forecasts: Int
    var mse: Double?
    var mae: Double?
    var persistence: Errors
    /// Nil where there is no season.
    var seasonalNaive: Errors?
    /// The model without adaptation.
    var frozen: Errors
    var intervals: [Interval]

    enum CodingKeys: String, CodingKey {
        case from, to, origins, forecasts, mse, mae, persistence, frozen, intervals
        case seasonalNaive = "seasonal_naive"
    }
}

extension BacktestFigures {
    /// The figures of the horizons `range` of one column's block.
    init(_ block: BacktestScore.Block, horizons range: ClosedRange<Int>, hasSeason: Bool, levels: [Double]) {
        var sums = ErrorSums(levelCount: levels.count)
        for horizon in range { sums += block.horizons[horizon - 1] }
        func errors(_ method: ErrorSums.Method) -> Errors {
            Errors(
                mse: Self.mean(method.squares, over: sums.count),
                mae: Self.mean(method.sizes, over: sums.count))
        }
        (from, to, origins) = (range.lowerBound, range.upperBound, block.origins.count)
        forecasts = sums.count
        let own = errors(sums.forecast)
        (mse, mae) = (own.mse, own.mae)
        persistence = errors(sums.persistence)
        seasonalNaive = hasSeason ? errors(sums.seasonal) : nil
        frozen = errors(sums.frozen)
        intervals = zip(levels, sums.intervals).map { level, sums in
            Interval(
                level: level, coverage: Self.mean(Double(sums.hits), over: sums.count),
                width: Self.mean(sums.widths, over: sums.count),
                winkler: Self.mean(sums.scores, over: sums.count))
        }
    }

    /// The mean of the same figures of several columns, each of which counts the same.
    init(meanOf columns: [BacktestFigures]) {
        func mean(_ figure: (BacktestFigures) -> Double?) -> Double? {
            let known = columns.compactMap(figure)
            return Self.mean(known.reduce(0, +), over: known.count)
        }
        func errors(_ method: (BacktestFigures) -> Errors?) -> Errors {
            Errors(mse: mean { method($0)?.mse }, mae: mean { method($0)?.mae })
        }
        self = columns[0]
        origins = columns.map(\.origins).max() ?? 0
        forecasts = columns.reduce(0) { $0 + $1.forecasts }
        (mse, mae) = (mean(\.mse), mean(\.mae))
        persistence = errors(\.persistence)
        seasonalNaive = seasonalNaive.map { _ in errors(\.seasonalNaive) }
        frozen = errors(\.frozen)
        for index in intervals.indices {
            intervals[index].coverage = mean { $0.intervals[index].coverage }
            intervals[index].width = mean { $0.intervals[index].width }
            intervals[index].winkler = mean { $0.intervals[index].winkler }
        }
    }

    private static func mean(_ sum: Double, over count: Int) -> Double? {
        count > 0 && sum.isFinite ? sum / Double(count) : nil
    }
}
