// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import Training

/// What `forecastd backtest` says.
package struct BacktestReport: Sendable, Encodable {
    /// A file, and what its rows were for, as `A:B`.
    struct File: Sendable, Encodable {
        var path: String
        var rows: Int
        var trainRows: String
        var validationRows: String
        var testRows: String

        enum CodingKeys: String, CodingKey {
            case path, rows
            case trainRows = "train_rows"
            case validationRows = "validation_rows"
            case testRows = "test_rows"
        }

        init(_ file: HistoryFile, _ parts: BacktestRows) {
            (path, rows) = (file.path, file.rowCount)
            (trainRows, validationRows) = (parts.training.text, parts.validation.text)
            testRows = parts.test.text
        }
    }

    /// One column, or the mean of all.
    struct Column: Sendable, Encodable {
        /// Nil for all.
        var name: String?
        /// Mean and deviation over the rows to train on, in the column's unit.
        var mean: Double?
        var deviation: Double?
        /// The season that was learned by the last row, in rows; 0 for none, nil where none is learned.
        var season: Int?
        /// Horizons 1 to 1, 1 to 24 and 1 to the farthest.
        var averages: [BacktestFigures]
        /// Each horizon, from the same origins.
        var horizons: [BacktestFigures]

        enum CodingKeys: String, CodingKey {
            case name, mean, season, averages, horizons
            case deviation = "std"
        }
    }

    var version = VersionReport()
    var files: [File]
    /// What was left out, a sentence each.
    var notes: [String]
    var model: BacktestModel.Description
    /// `light`, `full` or `off`.
    var adapt: String
    /// `mlpol` or `boa`; nil without adaptation.
    var mix: String?
    /// Whether the columns of a file were looked at by each other.
    var related: Bool
    /// In ticks; 0 for none that is given.
    var season: Int
    var horizon: Int
    var all: Column
    var columns: [Column]
    /// Values that the engine took in, in how many seconds, on how many processors.
    var values: Int
    var seconds: Double
    var processors = ProcessInfo.processInfo.activeProcessorCount
    var valuesPerSecond: Double

    enum CodingKeys: String, CodingKey {
        case version, files, notes, model, adapt, mix, related, season, horizon, all, columns, values,
            seconds, processors
        case valuesPerSecond = "values_per_second"
    }

    init(
        _ run: BacktestRun, files: [File], notes: [String], model: BacktestModel.Description, horizon: Int,
        scores: [BacktestScore], seconds: Double
    ) {
        (self.files, self.notes, self.model, self.horizon) = (files, notes, model, horizon)
        (adapt, season) = (run.depth?.rawValue ?? "off", run.training.season ?? 0)
        related = run.areRelated
        mix = run.depth == nil ? nil : run.mix.rawValue
        let levels = run.depth == nil ? [] : run.levels
        let hasSeason = season > 0
        columns = scores.map { score in
            func figures(_ block: BacktestScore.Block, _ horizons: ClosedRange<Int>) -> BacktestFigures {
                BacktestFigures(block, horizons: horizons, hasSeason: hasSeason, levels: levels)
            }
            let farthest = score.blocks[score.blocks.count - 1]
            return Column(
                name: score.column.name, mean: score.column.mean, deviation: score.column.deviation,
                season: run.seasonLimit > 0 && run.depth != nil ? score.lastSeason : nil,
                averages: score.blocks.map { figures($0, 1...$0.horizons.count) },
                horizons: (1...horizon).map { figures(farthest, $0...$0) })
        }
        let columns = self.columns
        func mean(_ part: KeyPath<Column, [BacktestFigures]>) -> [BacktestFigures] {
            columns[0][keyPath: part].indices.map { index in
                BacktestFigures(meanOf: columns.map { $0[keyPath: part][index] })
            }
        }
        all = Column(averages: mean(\.averages), horizons: mean(\.horizons))
        values = scores.reduce(0) { $0 + $1.column.values.count { $0.isFinite } }
        self.seconds = seconds
        valuesPerSecond = Double(values) / max(seconds, 1e-9)
    }
}
