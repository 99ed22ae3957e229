// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

// The report for people.
extension BacktestReport {
    /// The horizons that a table has of all.
    private static let shown: Set = [1, 2, 3, 6, 12, 24, 48, 96, 192, 384]

    /// The report as lines of text.
    package var text: String {
        let season =
            columns.contains { $0.season != nil }
            ? "seasons learned" : self.season > 0 ? "season of \(season) rows" : "no season"
        return
            (notes.map { "note: \($0)" } + files.map(text) + [
                model.text,
                "adapt: \(adapt)\(mix.map { ", \($0)" } ?? "")\(related ? ", related columns" : ""), \(season), \(columns.count) columns",
                "",
            ] + Self.table(errorRows()) + ["", "of each column, by horizons"] + Self.table(columnRows()) + [
                "",
                "\(values) values in \(digits(seconds, 1)) s, \(Int(valuesPerSecond)) a second on "
                    + "\(processors) processors, each forecast \(horizon) ahead",
            ]).joined(separator: "\n")
    }

    private func text(_ file: File) -> String {
        let parts =
            model.file == nil ? ", trained on \(file.trainRows), validated on \(file.validationRows)" : ""
        return
            "\(file.path): \(file.rows) rows\(parts), tested on \(file.testRows), errors in deviations over "
            + file.trainRows
    }

    private func errorRows() -> [[String]] {
        let seasonal = season > 0
        let levels = all.averages[0].intervals.map(\.level)
        let head =
            ["horizon", "MSE", "persistence"] + (seasonal ? ["seasonal"] : []) + ["frozen", "MAE"]
            + levels.map { "in \(percent($0))" } + levels.map { "Winkler \(percent($0))" }
        let shown = all.horizons.filter { Self.shown.contains($0.from) || $0.from == horizon }
        let figures = shown.map { ("\($0.from)", $0) } + all.averages.map { ($0.range, $0) }
        return [head]
            + figures.map { name, figures in
                [name, digits(figures.mse), digits(figures.persistence.mse)]
                    + (seasonal ? [digits(figures.seasonalNaive?.mse)] : [])
                    + [digits(figures.frozen.mse), digits(figures.mae)]
                    + figures.intervals.map { digits($0.coverage, 3) }
                    + figures.intervals.map { digits($0.winkler, 3) }
            }
    }

    private func columnRows() -> [[String]] {
        let level = all.averages[0].intervals.map(\.level).min { abs($0 - 0.9) < abs($1 - 0.9) }
        let head =
            ["column"] + (columns[0].season == nil ? [] : ["season"]) + all.averages.map { "MSE \($0.range)" }
            + all.averages.map { "MAE \($0.range)" }
            + (level.map { level in all.averages.map { "in \(percent(level)) \($0.range)" } } ?? [])
        return [head]
            + columns.map { column in
                [column.name ?? ""] + (column.season.map { ["\($0)"] } ?? [])
                    + column.averages.map { digits($0.mse) }
                    + column.averages.map { digits($0.mae) }
                    + (level.map { level in
                        column.averages.map { figures in
                            digits(figures.intervals.first { $0.level == level }?.coverage, 3)
                        }
                    } ?? [])
            }
    }

    /// Rows of cells as lines, all but the first cell flush right.
    private static func table(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
    }
}

extension BacktestFigures {
    fileprivate var range: String { "\(from)…\(to)" }
}

extension BacktestModel.Description {
    fileprivate var text: String {
        let network = "\(hiddenSize) units, \(layers) layer\(layers == 1 ? "" : "s"), scale: \(scale)"
        if let file { return "model: \(file), \(network)" }
        return "model: trained, \(network), best at iteration \(iterations ?? 0), validation loss "
            + digits(validationLoss)
    }
}

private func percent(_ level: Double) -> String { String(format: "%g %%", 100 * level) }

private func digits(_ number: Double?, _ count: Int = 4) -> String {
    number.map { String(format: "%.\(count)f", $0) } ?? "-"
}
