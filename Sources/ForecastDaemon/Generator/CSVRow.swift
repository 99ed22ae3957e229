// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// The cells of one line of a CSV file, and how they are read.
enum CSVRow {
    /// The cells without the blanks and quotation marks around them.
    static func cells(_ line: String) -> [String] {
        line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
            var cell = cell
            while let first = cell.first, first == " " || first == "\"" { cell.removeFirst() }
            while let last = cell.last, last == " " || last == "\"" { cell.removeLast() }
            return String(cell)
        }
    }

    /// Whether a cell says that there is no value.
    static func isMissing(_ cell: String) -> Bool {
        ["", "nan", "null", "na", "n/a", "none"].contains(cell.lowercased())
    }

    /// What is wrong with a header whose columns are divided by something else than commas, or that is none but a row of
    /// values; nil for another.
    static func problem(ofHeader line: String) -> (expected: String, found: String)? {
        let cells = cells(line)
        // Who has no names may have numbered the columns.
        if cells != cells.indices.map(String.init), cells.allSatisfy({ time($0) != nil || number($0) != nil })
        {
            return ("a header that names the columns", "values, \(quoted(line))")
        }
        guard !line.contains(","), let other = line.first(where: { ";\t|".contains($0) }) else { return nil }
        let name = [";": "semicolons", "\t": "tabs"][other] ?? "bars"
        let decimals = other == ";" ? ", and decimal points where the numbers have commas" : ""
        return ("columns divided by commas\(decimals)", "\(name) in \(quoted(line))")
    }

    /// The number in a cell, which may be infinite where it is too large; nil if there is none.
    static func number(_ cell: String) -> Double? {
        cell.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(cell) : nil
    }

    /// A time as RFC 3339 has it, without a zone (then UTC), a day, or seconds since 1970.
    static func time(_ cell: String) -> Timestamp? {
        let zoned = cell.count == 10 ? cell + "T00:00:00Z" : cell + "Z"
        return Timestamp(rfc3339: cell) ?? Timestamp(rfc3339: zoned) ?? Timestamp(seconds: cell)
    }

    /// The beginning of what was found, made harmless: a file of another kind can hold anything.
    static func quoted(_ text: String) -> String { "\"\(text.prefix(80).description.printable)\"" }
}
