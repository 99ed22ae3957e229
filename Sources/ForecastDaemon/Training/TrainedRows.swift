// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Training

/// Rows of a file that a model was trained or validated on, as its metadata have them.
struct TrainedRows: Codable, Equatable {
    /// The file's name, without its folder.
    let file: String
    /// The first row, and the one behind the last.
    let begin, end: Int
    /// SHA-256 of the file's values in the rows before `end`: it tells the file when it has another name, or more rows.
    let digest: String

    /// The key of the metadata.
    static let key = "trained_on"

    /// Says what training makes use of.
    init(_ file: HistoryFile, _ options: TrainingOptions) {
        let rows = [options.trainingRows(of: file.rowCount), options.validationRows(of: file.rowCount)]
            .filter { !$0.isEmpty }
        self.file = URL(filePath: file.path).lastPathComponent
        begin = rows.map(\.lowerBound).min() ?? 0
        end = min(rows.map(\.upperBound).max() ?? 0, file.rowCount)
        digest = Self.digest(of: file, before: end)
    }

    /// The value of the metadata's key.
    static func text(_ rows: [TrainedRows]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }

    /// Reads what metadata say; nil where they do not, or in another way.
    static func read(_ metadata: [String: String]) -> [TrainedRows]? {
        metadata[key].flatMap { text in
            try? Foundation.JSONDecoder().decode([TrainedRows].self, from: Data(text.utf8))
        }
    }

    /// Which of some rows of a file these are; nil if none, or if the file is another one.
    func overlap(_ rows: Range<Int>, of other: HistoryFile) -> Range<Int>? {
        guard begin < end, end <= other.rowCount, (begin..<end).overlaps(rows),
            Self.digest(of: other, before: end) == digest
        else { return nil }
        return rows.clamped(to: begin..<end)
    }

    private static func digest(of file: HistoryFile, before end: Int) -> String {
        var digest = SHA256Digest()
        for series in file.series {
            series.values[..<end].withUnsafeBytes { digest.update($0) }
        }
        return digest.text()
    }
}
