// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc

/// The rows of a CSV file as messages, at the pace of their times: the first column is the time, each other one a
/// stream named by the header.
///
/// The file is read line by line, however long it is. Empty cells, and `nan`, `null` and `NA`, are no values.
package struct CSVSource: MessageSource {
    private let path: String
    private let speed: Double?
    private let prefix: String
    private var lines: LineReader
    private var streams: [String] = []
    private var row: (time: Timestamp, cells: [String])?
    private var beginning: (time: Timestamp, instant: ContinuousClock.Instant)?

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - speed: Seconds of the file per second; nil for as fast as it goes.
    ///   - prefix: What the stream ids begin with, before the column's name.
    package init(path: String, speed: Double?, prefix: String) throws(DaemonError) {
        self.path = path
        self.speed = speed
        self.prefix = prefix
        lines = try LineReader(path: path)
        guard let header = try lines.next() else { throw failure("a header", "an empty file") }
        if let problem = CSVRow.problem(ofHeader: header) { throw failure(problem.expected, problem.found) }
        let names = CSVRow.cells(header)
        guard names.count >= 2 else {
            throw failure(
                "a header with a time and at least one stream, divided by commas", CSVRow.quoted(header))
        }
        streams = names.dropFirst().map { prefix + $0 }
        guard Set(streams).count == streams.count else {
            throw failure("columns of different names", CSVRow.quoted(header))
        }
        for stream in streams where !StreamIdentifier.isValid(Array(stream.utf8).span.bytes) {
            throw failure(
                "column names of A-Z a-z 0-9 . _ : / -", CSVRow.quoted(String(stream.dropFirst(prefix.count)))
            )
        }
    }

    package var summary: String {
        let pace = speed.map { $0 == 1 ? "" : ", \($0) times as fast," } ?? ", as fast as it goes,"
        return "\(streams.count) streams of \(path)\(pace)"
    }

    package mutating func nextDue() throws(DaemonError) -> ContinuousClock.Instant? {
        row = try nextRow()
        guard let time = row?.time else { return nil }
        let begin = beginning ?? (time, .now)
        beginning = begin
        guard let speed else { return .now }
        return begin.instant + .seconds(max(0, time.seconds(since: begin.time)) / speed)
    }

    package mutating func messages(at now: Timestamp) throws(DaemonError) -> [GeneratedMessage] {
        guard let row else { return [] }
        var messages: [GeneratedMessage] = []
        for (stream, cell) in zip(streams, row.cells) {
            guard let value = try value(cell) else { continue }
            messages.append(.observation(stream: stream, Observation(time: row.time, value: value)))
        }
        return messages
    }

    private mutating func nextRow() throws(DaemonError) -> (time: Timestamp, cells: [String])? {
        while let line = try lines.next() {
            if line.isEmpty { continue }
            let cells = CSVRow.cells(line)
            guard cells.count == streams.count + 1 else {
                throw failure("\(streams.count + 1) columns", "\(cells.count)")
            }
            guard let time = CSVRow.time(cells[0]) else {
                throw failure(
                    "a time as 2026-11-23T06:59:40Z, as 2026-11-23 06:59:40 (UTC), or in seconds since 1970",
                    CSVRow.quoted(cells[0]))
            }
            return (time, Array(cells[1...]))
        }
        return nil
    }

    private func value(_ cell: String) throws(DaemonError) -> Double? {
        if CSVRow.isMissing(cell) { return nil }
        guard let value = CSVRow.number(cell), value.isFinite else {
            throw failure("a finite number, or nothing", CSVRow.quoted(cell))
        }
        return value
    }

    private func failure(_ expected: String, _ found: String) -> DaemonError {
        DaemonError(.data, "\(path):\(lines.number): expected \(expected), found \(found)")
    }
}
