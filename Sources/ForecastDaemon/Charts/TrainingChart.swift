// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Training

/// A picture of a training: the losses, and forecasts beside what came.
struct TrainingChart {
    var network: TrainedNetwork
    var samples: [SampleForecast]
    /// The names of the series.
    var names: [String]

    /// Forecasts that are shown.
    static let sampleLimit = 4

    /// The picture as SVG.
    var svg: String {
        let rows = (samples.count + 1) / 2
        var drawing = SVGDrawing(width: 960, height: 280 + 200 * rows)
        PlotArea(
            x: 0, y: 0, width: 960, height: 280, title: "loss by iteration (best kept)", curves: lossCurves
        ).draw(on: &drawing)
        for (place, sample) in samples.enumerated() {
            PlotArea(
                x: 480 * Double(place % 2), y: 280 + 200 * Double(place / 2), width: 480, height: 200,
                title: names[sample.series], curves: Self.curves(sample)
            ).draw(on: &drawing)
        }
        return drawing.text
    }

    private var lossCurves: [PlotArea.Curve] {
        let history = network.history
        let ends = [history.first, history.last].compactMap { $0 }
        return [
            PlotArea.Curve(
                name: "persistence", color: "#888888",
                points: ends.map { (Double($0.iteration), network.persistenceLoss) }, dashes: "4 4"),
            PlotArea.Curve(
                name: "training", color: "#1f77b4",
                points: history.map { (Double($0.iteration), $0.training) }),
            PlotArea.Curve(
                name: "validation", color: "#d62728",
                points: history.map { (Double($0.iteration), $0.validation) }),
        ]
    }

    /// Values and forecast by row.
    private static func curves(_ sample: SampleForecast) -> [PlotArea.Curve] {
        func points(_ values: [Double], first: Int) -> [(x: Double, y: Double)] {
            values.enumerated().compactMap { $1.isFinite ? (Double(first + $0), $1) : nil }
        }
        let begin = sample.origin + 1 - sample.history.count
        let latest = sample.history.last.map { [$0] } ?? []
        return [
            PlotArea.Curve(
                name: "values", color: "#444444", points: points(sample.history + sample.truth, first: begin)),
            PlotArea.Curve(
                name: "forecast", color: "#d62728",
                points: points(latest + sample.forecast, first: sample.origin)),
        ]
    }
}
