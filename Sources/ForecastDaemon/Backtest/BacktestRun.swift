// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Foundation
import Synchronization
package import Training

/// `forecastd backtest`: the live engine over history, and how its forecasts turned out.
package struct BacktestRun: Sendable {
    /// The files of history.
    package var data: [String]
    /// The model file to use; nil to train one.
    package var weights: String?
    /// Where a picture goes, if anywhere.
    package var plot: String?
    /// What is trained, on which rows, and the season; its horizon is not heeded.
    package var training: TrainingOptions
    /// Rows of each file to test on; nil for those after the rows to train and validate on.
    package var testRows: Range<Int>?
    /// Ticks ahead; nil for the model's own.
    package var horizon: Int?
    /// How much the forecasts learn; nil for nothing.
    package var depth: Adaptation.Depth?
    /// The longest season that columns look for; 0 where they learn none.
    package var seasonLimit: Int
    /// The shares of values that intervals are to hold, rising.
    package var levels: [Double]
    /// How the experts' forecasts are mixed.
    package var mix: Adaptation.Mix
    /// Whether the columns of a file are looked at by each other.
    package var areRelated: Bool

    /// Makes a run.
    package init(
        data: [String], weights: String? = nil, plot: String? = nil, training: TrainingOptions,
        testRows: Range<Int>? = nil, horizon: Int? = nil, depth: Adaptation.Depth?,
        seasonLimit: Int = 0, levels: [Double], mix: Adaptation.Mix = .mlpol, areRelated: Bool = false
    ) {
        (self.data, self.weights, self.plot, self.training) = (data, weights, plot, training)
        (self.testRows, self.horizon, self.depth, self.levels) = (testRows, horizon, depth, levels)
        (self.seasonLimit, self.mix, self.areRelated) = (seasonLimit, mix, areRelated)
    }

    /// Reads, trains if need be, replays all columns, and tells what came of it.
    package func run() async throws -> BacktestReport {
        let picture = try plot.map { path throws(DaemonError) in try OutputFile(path: path) }
        let history = try History(paths: data)
        let given = try weights.map { path throws(DaemonError) in
            try BacktestModel(path: path, halfLife: training.halfLife)
        }
        let horizon = try given?.horizon(self.horizon) ?? self.horizon ?? BacktestModel.defaultHorizon
        let rows = try history.files.map { file throws(DaemonError) in
            try BacktestRows(file, training: training, test: testRows, horizon: horizon)
        }
        if training.trainingRows == nil, training.validationRows == nil, testRows == nil {
            for (file, rows) in zip(history.files, rows) {
                StandardError.writeLine(
                    "backtest: \(file.path): no rows were named: \(rows.training.text) are for training, "
                        + "\(rows.validation.text) for validation, \(rows.test.text) for the test")
            }
        }
        let model = try given ?? train(history, rows, horizon: horizon)
        let (columns, notes) = try usableColumns(history, rows)
        let replay = ColumnReplay(
            model.planned, scaling: model.scaling, horizon: horizon,
            columnCount: areRelated ? columns.count : 1,
            adaptation: depth.map {
                Adaptation(
                    depth: $0, season: training.season ?? 0, seasonLimit: seasonLimit, horizon: horizon,
                    levels: levels, mix: mix)
            }, areRelated: areRelated)
        let start = ContinuousClock.now
        let scores = await self.scores(of: columns, replay, horizon: horizon)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let report = BacktestReport(
            self, files: zip(history.files, rows).map { BacktestReport.File($0, $1) },
            notes: notes + model.notes(history.files, rows),
            model: model.description, horizon: horizon, scores: scores,
            seconds: seconds)
        try picture?.write(Array(BacktestChart(report: report, scores: scores).svg.utf8))
        return report
    }

    /// Trains one network on what lies before the rows to test on, of all columns.
    private func train(
        _ history: History, _ rows: [BacktestRows], horizon: Int
    ) throws(DaemonError) -> BacktestModel {
        var options = training
        options.horizon = horizon
        let series = zip(history.files, rows).flatMap { file, rows in
            history.series(of: file).map {
                Series(name: $0.name, values: Array($0.values[..<rows.knownCount]))
            }
        }
        let (_, network) = try Trainer.fit(series, options: options, from: data)
        return BacktestModel(network, options: options)
    }

    /// The columns of all files, and what was left out.
    private func usableColumns(
        _ history: History, _ rows: [BacktestRows]
    ) throws(DaemonError) -> ([BacktestColumn], notes: [String]) {
        var (columns, notes) = ([BacktestColumn](), history.notes)
        for (file, rows) in zip(history.files, rows) {
            for series in history.series(of: file) {
                if let column = BacktestColumn(series, of: file.path, rows: rows) {
                    columns.append(column)
                } else {
                    notes.append(
                        "\(file.path): column \(CSVRow.quoted(series.name)) is left out: its values in the rows "
                            + "\(rows.training.text) have no deviation to count errors in")
                }
            }
        }
        guard !columns.isEmpty else {
            throw DaemonError(
                .data,
                "\(data.joined(separator: ", ")): expected a column whose values differ in the rows to train on, "
                    + "found none")
        }
        return (columns, notes)
    }

    /// Replays each column, or the related ones of each file together, as many at once as there are processors.
    private func scores(
        of columns: [BacktestColumn], _ replay: ColumnReplay, horizon: Int
    ) async -> [BacktestScore] {
        let progress = BacktestProgress(rowCount: columns.reduce(0) { $0 + $1.values.count })
        let season = training.season ?? 0
        let levels = depth == nil ? [] : self.levels
        let scores = await withTaskGroup(of: (Int, [BacktestScore]).self) { group in
            for indices in together(columns) {
                group.addTask {
                    var scores = indices.map {
                        BacktestScore(columns[$0], horizon: horizon, season: season, levels: levels)
                    }
                    replay.run(indices.map { columns[$0].values }) { column, forecast in
                        scores[column].add(forecast)
                        progress.count(forecast.row)
                    }
                    return (indices.lowerBound, scores)
                }
            }
            return await group.reduce(into: [Int: [BacktestScore]]()) { $0[$1.0] = $1.1 }
        }
        progress.end()
        return columns.indices.flatMap { scores[$0] ?? [] }
    }

    /// Which columns are replayed by one engine: each by itself, or those of a file.
    private func together(_ columns: [BacktestColumn]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        for (index, column) in columns.enumerated() {
            if areRelated, let last = parts.last, columns[last.lowerBound].file == column.file {
                parts[parts.count - 1] = last.lowerBound..<index + 1
            } else {
                parts.append(index..<index + 1)
            }
        }
        return parts
    }
}

/// How far all columns have come.
private final class BacktestProgress: Sendable {
    private let rowCount: Int
    private let line = Mutex((line: ProgressLine(), rows: 0))
    private static let step = 1000

    init(rowCount: Int) { self.rowCount = rowCount }

    /// Notices that a column has come to a row.
    func count(_ row: Int) {
        guard row % Self.step == Self.step - 1 else { return }
        line.withLock {
            $0.rows += Self.step
            let share = 100 * $0.rows / rowCount
            let rows = $0.rows
            $0.line.show("backtest: \(rows) of \(rowCount) values (\(share) %)")
        }
    }

    func end() { line.withLock { $0.line.erase() } }
}
