// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the forecasts of one column turned out, in deviations of the column.
struct BacktestScore: Sendable {
    /// Forecasts of the horizons 1 to `horizons.count` from the same origins.
    struct Block: Sendable {
        var origins: Range<Int>
        /// The sums, one per horizon.
        var horizons: [ErrorSums]
    }

    /// Blocks of horizons, the longest last.
    private(set) var blocks: [Block]
    /// The forecast made halfway through the rows to test on.
    private(set) var sample: OriginForecast?
    /// The season that forecasts went by at last, in rows; 0 for none.
    private(set) var lastSeason = 0
    let column: BacktestColumn
    private let season: Int
    private let levels: [Double]

    /// The ends of the blocks of horizons that averages are told of.
    static func ends(horizon: Int) -> [Int] { [1, 24].filter { $0 < horizon } + [horizon] }

    init(_ column: BacktestColumn, horizon: Int, season: Int, levels: [Double]) {
        (self.column, self.season, self.levels) = (column, season, levels)
        blocks = Self.ends(horizon: horizon).map { end in
            Block(
                origins: column.rows.origins(horizon: end),
                horizons: [ErrorSums](repeating: ErrorSums(levelCount: levels.count), count: end))
        }
    }

    /// Scores what was said at a row, if it is one of those that forecasts are tested from.
    mutating func add(_ forecast: OriginForecast) {
        let reach = forecast.yhat.count
        lastSeason = forecast.season
        if let origins = blocks.last?.origins, forecast.row == origins.lowerBound + origins.count / 2 {
            sample = forecast
        }
        for block in blocks.indices where blocks[block].origins.contains(forecast.row) {
            for horizon in 1...blocks[block].horizons.count {
                guard let misses = misses(of: forecast, horizon: horizon) else { continue }
                blocks[block].horizons[horizon - 1].add(misses, levels: levels) { series in
                    forecast.margins[series * reach + horizon - 1] / column.deviation
                }
            }
        }
    }

    /// How far off the forecasts of a horizon were; nil where a forecast or the truth is missing.
    private func misses(of forecast: OriginForecast, horizon: Int) -> ErrorSums.Misses? {
        let truth = column.values[forecast.row + horizon]
        let (yhat, frozen) = (forecast.yhat[horizon - 1], forecast.frozen[horizon - 1])
        guard truth.isFinite, yhat.isFinite, frozen.isFinite else { return nil }
        let seasonal = column.seasonalValue(origin: forecast.row, horizon: horizon, season: season)
        return ErrorSums.Misses(
            forecast: (yhat - truth) / column.deviation,
            persistence: (forecast.value - truth) / column.deviation,
            seasonal: ((seasonal ?? forecast.value) - truth) / column.deviation,
            frozen: (frozen - truth) / column.deviation)
    }
}
