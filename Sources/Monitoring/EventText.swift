// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes server-sent events.
///
/// Rows are written by hand: a general encoder would take longer for those of 10 000 streams than a second has.
struct EventText {
    /// What the numbers of a row are.
    static let columns = [
        "n", "seq", "ts", "y", "yhat", "below", "above", "skill", "coverage", "anomaly", "status",
    ]

    private(set) var text = ""
    private var isFirst = true

    private struct Hello: Encodable {
        var epoch: String
        var resumed: Bool
        var columns: [String]
        var rules: [EventFeed.Rule]
    }

    /// Says whom the listener hears.
    mutating func appendHello(epoch: String, isResumed: Bool, rules: [EventFeed.Rule]) {
        // How soon a browser comes back whose connection was lost, in milliseconds.
        text += "retry: 1000\n"
        append("hello", Hello(epoch: epoch, resumed: isResumed, columns: Self.columns, rules: rules))
    }

    /// Says which numbers, ids and rules new streams have.
    mutating func appendStreams(_ streams: [(number: Int, identifier: String, rule: Int)]) {
        guard !streams.isEmpty else { return }
        // Ids have no character that JSON escapes.
        let rows = streams.map { "[\($0.number),\"\($0.identifier)\",\($0.rule)]" }
        text += "event: streams\ndata: [\(rows.joined(separator: ","))]\n\n"
    }

    /// Begins a batch of rows.
    mutating func beginRows(id: String) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        text += "id: \(id)\nevent: rows\ndata: {\"now\":\(now),\"rows\":["
        isFirst = true
    }

    /// Writes one row.
    mutating func appendRow(_ row: StreamChanges.Row, number: Int) {
        text += isFirst ? "[" : ",["
        isFirst = false
        text += "\(number),\(row.seq),\(row.milliseconds),"
        append(row.y)
        append(row.yhat)
        append(row.below)
        append(row.above)
        append(row.skill)
        append(row.coverage)
        append(row.anomaly)
        text += "\"\(row.status)\"]"
    }

    /// Ends a batch of rows.
    mutating func endRows() { text += "]}\n\n" }

    /// Says what the daemon says of itself.
    mutating func appendStatus(_ status: DaemonReport) { append("status", status) }

    /// Says why there is nothing to tell.
    mutating func appendProblem(_ problem: MonitoringProblem) { append("problem", problem.body.error) }

    private mutating func append(_ number: some BinaryFloatingPoint & CustomStringConvertible) {
        text += number.isFinite ? "\(number.description)," : "null,"
    }

    private mutating func append(_ event: String, _ value: some Encodable) {
        guard let json = MonitoringAPI.json(value) else { return appendProblem(MonitoringAPI.notFinite) }
        text += "event: \(event)\ndata: \(String(decoding: json, as: UTF8.self))\n\n"
    }
}
