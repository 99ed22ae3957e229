// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What a backtest should say of one column, forecast by forecast.
struct BacktestReference {
    /// What the engine said at a row.
    struct Said {
        var value: Double
        var yhat: [Double]
        /// By level, then by tick ahead.
        var margins: [[Double]]
    }

    /// One forecast of one row beside its truth.
    struct Pair {
        var truth: Double
        var yhat: Double
        var persistence: Double
        var seasonal: Double
        var frozen: Double
        var margins: [Double]
    }

    var values: [Double]
    var season: Int
    var said: [Int: Said]
    var frozen: [Int: Said]

    /// Runs an engine over a column: each value a tick, or on a grid where some are missing.
    init(
        _ values: [Double], model: ForecastPlan.Model, scaling: Scaling, horizon: Int, season: Int,
        adaptation: Adaptation?
    ) throws {
        (self.values, self.season) = (values, season)
        func run(_ adaptation: Adaptation?) throws -> [Int: Said] {
            try Self.run(values, model, scaling, horizon: horizon, adaptation)
        }
        said = try run(adaptation)
        frozen = try run(nil)
    }

    private static func run(
        _ values: [Double], _ model: ForecastPlan.Model, _ scaling: Scaling, horizon: Int,
        _ adaptation: Adaptation?
    ) throws -> [Int: Said] {
        var time = TimePolicy()
        if !values.allSatisfy(\.isFinite) { time.every = .period(60_000_000_000) }
        var engine = ForecastEngine(
            plan: ForecastPlan(
                models: [model],
                rules: [
                    ForecastPlan.Rule(
                        match: .everything, model: 0, scaling: scaling, horizon: horizon, warmup: 0,
                        maximumSkew: 0, time: time, adaptation: adaptation)
                ], streamsLimit: 1, batchLimit: 100), seed: 1)
        var said: [Int: Said] = [:]
        for (row, value) in values.enumerated() where value.isFinite {
            let now = Timestamp(nanoseconds: Int64(row) * 60_000_000_000)
            _ = engine.accept(Observation(time: now, value: value), of: "s".utf8.span.bytes, at: now)
            while engine.advance(at: now) {
                let (head, yhat, margins) = (
                    engine.forecast(at: 0), engine.yhat(at: 0), engine.margins(at: 0)
                )
                let levels = adaptation?.levels.count ?? 0
                said[Int(head.time.nanoseconds / 60_000_000_000)] = Said(
                    value: head.value, yhat: (0..<horizon).map { yhat[$0] },
                    margins: (0..<2 * levels).map { series in
                        (0..<horizon).map { margins[series * horizon + $0] }
                    })
            }
        }
        return said
    }

    /// The pairs of the horizons `horizons`, from the origins of those up to `end`, tested on `rows`.
    func pairs(_ horizons: ClosedRange<Int>, end: Int, rows: Range<Int>) -> [Pair] {
        var pairs: [Pair] = []
        for origin in rows.lowerBound - 1..<rows.upperBound {
            for horizon in horizons {
                let target = origin + horizon
                guard origin + end < rows.upperBound, values[target].isFinite,
                    let said = said[origin], let frozen = frozen[origin]
                else { continue }
                var before = target - season
                while season > 0 && before > origin { before -= season }
                let isKnown = season > 0 && before >= 0 && values[before].isFinite
                pairs.append(
                    Pair(
                        truth: values[target], yhat: said.yhat[horizon - 1],
                        persistence: said.value, seasonal: isKnown ? values[before] : said.value,
                        frozen: frozen.yhat[horizon - 1],
                        margins: said.margins.map { $0[horizon - 1] }))
            }
        }
        return pairs
    }
}
