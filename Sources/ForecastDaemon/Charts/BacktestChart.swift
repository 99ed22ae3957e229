// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A picture of a backtest: errors and coverage by horizon, and forecasts with their intervals beside what came.
struct BacktestChart {
    let report: BacktestReport
    let scores: [BacktestScore]

    /// Columns that a forecast is shown of.
    private static let sampleLimit = 6

    /// The picture as SVG.
    var svg: String {
        let shown = min(scores.count, Self.sampleLimit)
        let samples = (0..<shown).map { scores[$0 * scores.count / shown] }
        let levels = report.all.averages[0].intervals.isEmpty ? 0.0 : 200
        let top = 280 + levels
        var drawing = SVGDrawing(width: 960, height: Int(top) + 200 * ((shown + 1) / 2))
        PlotArea(
            x: 0, y: 0, width: 960, height: 280,
            title: "mean squared error by ticks ahead, in deviations, all columns", curves: errorCurves
        ).draw(on: &drawing)
        PlotArea(
            x: 0, y: 280, width: 960, height: levels, title: "share of values within the intervals",
            curves: coverageCurves
        ).draw(on: &drawing)
        for (place, score) in samples.enumerated() {
            PlotArea(
                x: 480 * Double(place % 2), y: top + 200 * Double(place / 2), width: 480, height: 200,
                title: score.column.name, curves: Self.curves(score)
            ).draw(on: &drawing)
        }
        return drawing.text
    }

    private var errorCurves: [PlotArea.Curve] {
        var curves = [
            curve("persistence", "#888888", dashes: "4 4", \.persistence.mse),
            curve("frozen model", "#1f77b4", \.frozen.mse),
        ]
        if report.season > 0 {
            curves.append(curve("season before", "#2ca02c", dashes: "4 4", \.seasonalNaive?.mse))
        }
        return curves + [curve("forecast", "#d62728", \.mse)]
    }

    /// The share of values that each level's intervals held, and the share that they promise.
    private var coverageCurves: [PlotArea.Curve] {
        report.all.averages[0].intervals.enumerated().flatMap { index, interval in
            [
                curve("", "#888888", dashes: "4 4") { _ in interval.level },
                curve("\(interval.level)", Self.colors[index % Self.colors.count]) {
                    $0.intervals[index].coverage
                },
            ]
        }
    }

    private static let colors = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"]

    private func curve(
        _ name: String, _ color: String, dashes: String? = nil, _ figure: (BacktestFigures) -> Double?
    ) -> PlotArea.Curve {
        PlotArea.Curve(
            name: name, color: color,
            points: report.all.horizons.compactMap { figures in
                figure(figures).map { (Double(figures.from), $0) }
            }, dashes: dashes)
    }

    /// Values, forecast and the areas of its intervals, by row.
    private static func curves(_ score: BacktestScore) -> [PlotArea.Curve] {
        guard let sample = score.sample else { return [] }
        let (origin, reach, values) = (sample.row, sample.yhat.count, score.column.values)
        func points(_ value: (Int) -> Double) -> [(x: Double, y: Double)] {
            (0..<reach).map { (Double(origin + 1 + $0), value($0)) }.filter { $0.1.isFinite }
        }
        let seen = (max(0, origin - 2 * reach)...origin + reach).map { (x: Double($0), y: values[$0]) }
        let areas = (0..<sample.margins.count / (2 * reach)).map { level in
            let lower = points { sample.yhat[$0] - sample.margins[2 * level * reach + $0] }
            let upper = points { sample.yhat[$0] + sample.margins[(2 * level + 1) * reach + $0] }
            return PlotArea.Curve(color: "#d62728", points: upper + lower.reversed(), isArea: true)
        }
        return areas + [
            PlotArea.Curve(name: "values", color: "#444444", points: seen.filter { $0.y.isFinite }),
            PlotArea.Curve(name: "forecast", color: "#d62728", points: points { sample.yhat[$0] }),
        ]
    }
}
