// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
package import Training

/// The series of a CSV file: a header, then a row per tick in order of time.
///
/// A first column of times is passed over: texts, or numbers that rise with every row. Every other column of numbers
/// is a series; empty cells, `nan`, `null`, `none`, `NA`, `n/a` and numbers that are not finite are no values. Columns with anything
/// else are left out.
package struct HistoryFile {
    /// The file's path as it was asked for.
    package let path: String
    /// The columns of numbers, named by the header.
    package private(set) var series: [Series] = []
    /// Rows of values.
    package private(set) var rowCount = 0
    /// Why columns were left out, a sentence each.
    package private(set) var notes: [String] = []

    /// Values that are read at most, of all columns together: 1 GiB of them.
    static let maximumValueCount = 1 << 27

    /// Reads the file.
    package init(path: String) throws(DaemonError) {
        self.path = path
        let lines = try LineReader(path: path)
        guard let header = try lines.next() else {
            throw DaemonError(.data, "\(path): expected a header, found an empty file")
        }
        if let problem = CSVRow.problem(ofHeader: header) {
            throw DaemonError(.data, "\(path):1: expected \(problem.expected), found \(problem.found)")
        }
        var columns = CSVRow.cells(header).map { Column(name: $0) }
        while let line = try lines.next() {
            if line.isEmpty { continue }
            let cells = CSVRow.cells(line)
            guard cells.count == columns.count else {
                throw DaemonError(
                    .data,
                    "\(path):\(lines.number): expected \(columns.count) columns as in the header, found \(cells.count)"
                )
            }
            rowCount += 1
            guard rowCount * columns.count <= Self.maximumValueCount else {
                throw DaemonError(
                    .data, "\(path): expected at most \(Self.maximumValueCount) values, found more")
            }
            for index in columns.indices { columns[index].append(cells[index], line: lines.number) }
        }
        take(columns)
        guard !series.isEmpty else {
            throw DaemonError(.data, "\(path): expected a column of numbers, found none")
        }
    }

    private mutating func take(_ columns: [Column]) {
        for (index, column) in columns.enumerated() {
            if index == 0, columns.count > 1, column.isTime { continue }
            if let text = column.firstText {
                notes.append(
                    "\(path): column \(CSVRow.quoted(column.name)) is left out: line \(text.line) has "
                        + CSVRow.quoted(text.cell))
            } else if !column.values.contains(where: \.isFinite) {
                notes.append("\(path): column \(CSVRow.quoted(column.name)) is left out: it has no values")
            } else {
                series.append(Series(name: column.name.printable, values: column.values))
            }
        }
    }

    /// A column as it is read.
    private struct Column {
        let name: String
        var values: [Double] = []
        /// The first cell that is neither a number nor empty.
        var firstText: (cell: String, line: Int)?
        private var isRising = true

        init(name: String) { self.name = name }

        /// Whether it can be the time: texts, or numbers that rise with every row.
        var isTime: Bool { firstText != nil || isRising && !values.isEmpty }

        mutating func append(_ cell: String, line: Int) {
            guard firstText == nil else { return }
            if CSVRow.isMissing(cell) {
                values.append(.nan)
                isRising = false
            } else if let number = CSVRow.number(cell) {
                isRising = isRising && number > values.last ?? -.infinity
                values.append(number.isFinite ? number : .nan)
            } else {
                firstText = (cell, line)
                values = []
            }
        }
    }
}
