// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Rows of text with aligned columns.
enum TextTable {
    /// The lines of a table; the columns in `right` hold numbers, which stand to the right.
    static func lines(_ rows: [[String]], right: Range<Int>) -> [String] {
        let columns = rows.first?.indices ?? 0..<0
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = columns.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return right.contains(column) ? padding + row[column] : row[column] + padding
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
