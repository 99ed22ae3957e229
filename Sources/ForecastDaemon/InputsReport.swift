// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of the inputs of a rule that has several.
struct InputsReport: Sendable, Encodable {
    /// One input.
    struct Input: Sendable, Encodable {
        var name: String
        /// A stream, with `$1` for what the first wildcard of `match` stands for; absent for the calendar.
        var stream: String?
        /// Absent for the stream that is forecast.
        var fill: String?
        var aggregate: String?
        var scale: String

        fileprivate var text: String {
            let aggregate = aggregate.map { ", \($0)" } ?? ""
            let origin = stream.map { " from \($0)" } ?? ""
            return name + origin + (fill.map { " (fill \($0)\(aggregate))" } ?? "")
        }
    }

    var inputs: [Input]
    var wait: String
    var timeZone: String

    enum CodingKeys: String, CodingKey {
        case inputs, wait
        case timeZone = "time_zone"
    }

    init(_ list: InputList, rule: ForecastPlan.Rule, _ configuration: StreamRuleConfiguration) {
        inputs = list.inputs.map { input in
            var report = Input(name: input.name, scale: "\(input.scaling)")
            switch input.source {
            case .target: report.stream = IdentifierTemplate.identity(of: rule.match)
            case .member(let template, let fill, let aggregate):
                report.stream = template.text
                report.fill = fill.rawValue
                report.aggregate = rule.time.every == .event ? nil : aggregate.rawValue
            case .sine, .cosine: break
            }
            return report
        }
        wait = Duration.nanoseconds(rule.time.wait).text
        timeZone = configuration.inputs?.timeZone ?? "UTC"
    }

    /// The inputs as a line of text.
    var text: String {
        inputs.map(\.text).joined(separator: ", ") + "; wait \(wait), time zone \(timeZone)"
    }
}
