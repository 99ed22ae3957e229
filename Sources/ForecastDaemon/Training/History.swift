// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Training

/// The files of history that a command was given, and the series of all of them.
struct History {
    /// The files, as they were named.
    let files: [HistoryFile]

    /// Reads the files.
    init(paths: [String]) throws(DaemonError) {
        var files: [HistoryFile] = []
        for path in paths { files.append(try HistoryFile(path: path)) }
        self.files = files
    }

    /// Why columns were left out, a sentence each.
    var notes: [String] { files.flatMap(\.notes) }

    /// The series of all files, one file after the other.
    var series: [Series] { files.flatMap(series) }

    /// The series of one of the files, named after it too where there are several.
    func series(of file: HistoryFile) -> [Series] {
        guard files.count > 1 else { return file.series }
        let name = URL(filePath: file.path).deletingPathExtension().lastPathComponent
        return file.series.map { Series(name: "\(name).\($0.name)", values: $0.values) }
    }
}

extension HistoryFile {
    /// Checks that the file has the rows that an option names.
    func check(_ rows: Range<Int>?, of option: String) throws(DaemonError) {
        guard let rows, rows.upperBound > rowCount else { return }
        throw DaemonError(
            .data,
            "\(path): expected \(rows.upperBound) rows or more, for \(option) "
                + "\(rows.lowerBound):\(rows.upperBound), found \(rowCount)")
    }
}
