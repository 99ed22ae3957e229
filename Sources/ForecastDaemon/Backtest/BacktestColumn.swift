// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Training

/// One column of history, and what its errors are counted in.
struct BacktestColumn: Sendable {
    let name: String
    /// The path of its file.
    let file: String
    /// Its values up to the last row to test on; NaN where there is none.
    let values: [Double]
    let rows: BacktestRows
    /// Mean and standard deviation (over n) of the values in the rows to train on.
    let mean: Double
    let deviation: Double

    /// Takes a column; nil where the values in the rows to train on have no deviation to count errors in.
    init?(_ series: Series, of file: String, rows: BacktestRows) {
        name = series.name
        self.file = file
        values = Array(series.values[..<rows.test.upperBound])
        self.rows = rows
        let known = values[rows.training].filter(\.isFinite)
        let mean = known.reduce(0, +) / Double(known.count)
        let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count)
        guard variance > 0, variance.isFinite else { return nil }
        (self.mean, deviation) = (mean, variance.squareRoot())
    }

    /// What the value one season (or the fewest whole seasons) before the row `horizon` ticks after `origin` says;
    /// nil where there was none.
    func seasonalValue(origin: Int, horizon: Int, season: Int) -> Double? {
        guard season > 0 else { return nil }
        let row = origin + horizon - (horizon + season - 1) / season * season
        return row >= 0 && values[row].isFinite ? values[row] : nil
    }
}
