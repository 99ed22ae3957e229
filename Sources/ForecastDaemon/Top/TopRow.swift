// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
package import Monitoring

/// One stream as `forecastd top` shows it.
package struct TopRow: Equatable, Sendable {
    /// What the rows are ordered by, and what each shows.
    package enum Column: Int, CaseIterable, Sendable {
        case stream, status, value, forecast, rate, age, error, skill, held, anomaly

        /// The word above it.
        var title: String { self == .held ? "held" : "\(self)" }
        /// Places that it takes; the stream's id takes what is left.
        var width: Int {
            switch self {
            case .stream: 12
            case .status: 9
            case .value, .forecast, .error: 9
            case .rate, .skill: 7
            case .age, .held: 6
            case .anomaly: 8
            }
        }
    }

    /// What the daemon says of it.
    package var report: StreamReport
    /// Forecasts a second since the look before; nil at the first.
    package var rate: Double?

    /// Makes a row.
    package init(report: StreamReport, rate: Double?) { (self.report, self.rate) = (report, rate) }

    /// The share of values that intervals of the highest level held.
    private var held: Double? {
        report.score?.coverage.max { (Double($0.key) ?? 0) < (Double($1.key) ?? 0) }?.value
    }

    /// What a column shows.
    func text(_ column: Column) -> String {
        func fixed(_ figure: Double?, _ format: String) -> String {
            figure.map { String(format: format, $0) } ?? "-"
        }
        return switch column {
        case .stream: report.stream
        case .status: report.status + (report.drift?.now == true ? "~" : "")
        case .value: report.newest.y.compact
        case .forecast: report.yhat?.compact ?? "-"
        case .rate: fixed(rate, "%.1f/s")
        case .age: StateView.age(report.age)
        case .error: report.score?.mae.compact ?? "-"
        case .skill: fixed(report.score?.skill, "%+.2f")
        case .held: held.map { "\(Int(($0 * 100).rounded()))%" } ?? "-"
        case .anomaly: fixed(report.anomaly?.score, "%.2f")
        }
    }

    /// What a column is ordered by; nil where it is not known, and for texts.
    func figure(_ column: Column) -> Double? {
        switch column {
        case .stream, .status: nil
        case .value: report.newest.y
        case .forecast: report.yhat
        case .rate: rate
        case .age: report.age
        case .error: report.score?.mae
        case .skill: report.score?.skill
        case .held: held
        case .anomaly: report.anomaly?.score
        }
    }

    /// Rows in the order of a column: texts rise, figures fall, unknown ones come last; ids decide what is left.
    static func sorted(_ rows: [TopRow], by column: Column, isReversed: Bool) -> [TopRow] {
        rows.sorted { one, other in
            switch (one.figure(column), other.figure(column)) {
            case (let first?, let second?) where first != second: return (first > second) != isReversed
            case (_?, nil): return true
            case (nil, _?): return false
            default:
                let (first, second) = (one.text(column), other.text(column))
                let isText = column == .stream || column == .status
                if isText && first != second { return (first < second) != isReversed }
                return one.report.stream < other.report.stream
            }
        }
    }
}
