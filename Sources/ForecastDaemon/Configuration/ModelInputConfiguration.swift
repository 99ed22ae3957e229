// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// One entry of a rule's `inputs_from`: a stream, or what the calendar says.
public struct ModelInputConfiguration: Sendable, Equatable {
    /// Where the input comes from.
    public enum Source: Sendable, Equatable {
        /// The stream of this id, in which `$1` is what the first wildcard of `match` stands for.
        case stream(String)
        /// Two inputs, a sine and a cosine.
        case calendar(CalendarFeature)
    }

    /// Where the input comes from.
    public var source: Source
    /// What the input is called; nil for the last part of the stream's id.
    public var name: String?
    /// What stands in for missing values.
    public var fill = InputList.Fill.hold
    /// What joins the observations of one tick; nil for what the rule says.
    public var aggregate: TimePolicy.Aggregate?
    /// The mean of the values that the model was trained on, for `scale: fixed`.
    public var mean: Double?
    /// Their standard deviation.
    public var deviation: Double?

    /// The names of the inputs that the entry gives.
    var names: [String] {
        switch source {
        case .stream(let stream):
            [name ?? stream.split(separator: ".").last.map(String.init) ?? stream]
        case .calendar(let feature):
            ["calendar.\(feature.rawValue).sin", "calendar.\(feature.rawValue).cos"]
        }
    }

    /// The entry as the configuration has it.
    var text: String {
        switch source {
        case .stream(let stream): stream
        case .calendar(let feature): "calendar.\(feature.rawValue)"
        }
    }
}

extension ModelInputConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        let purpose = "the id of a stream, as \"plant.$1.hum\""
        source = .stream(table.require("stream", purpose)?.text(purpose) ?? "")
        name = table.take("name")?.inputName()
        table.read("fill", into: &fill)
        var aggregate = TimePolicy.Aggregate.last
        let isAggregateKnown = table.read("aggregate", into: &aggregate)
        if isAggregateKnown && table.has("aggregate") { self.aggregate = aggregate }
        mean = table.take("mean")?.number("a number")
        deviation = table.take("std")?.number("a number above 0") { $0 > 0 }
    }
}

extension ConfigurationValue {
    /// The value as an entry of `inputs_from`.
    func modelInput() -> ModelInputConfiguration? {
        if isMapping { return readSection(name: "") }
        let features = CalendarFeature.allCases.map { "calendar.\($0.rawValue)" }
        guard let text = text("a stream, as \"plant.$1.hum\", or \(features.joined(separator: ", "))") else {
            return nil
        }
        if let index = features.firstIndex(of: text) {
            return ModelInputConfiguration(source: .calendar(CalendarFeature.allCases[index]))
        }
        guard !text.hasPrefix("calendar.") else {
            mismatch(
                ConfigurationSuggestion.alternatives(features),
                suggestion: ConfigurationSuggestion.nearest(to: text, among: features))
            return nil
        }
        return ModelInputConfiguration(source: .stream(text))
    }

    /// The value as the name of an input, which can stand in a list divided by commas.
    fileprivate func inputName() -> String? {
        guard let name = text("the name of an input") else { return nil }
        guard !name.contains(","), !name.contains(where: \.isWhitespace) else {
            mismatch("the name of an input, without commas and blanks")
            return nil
        }
        return name
    }
}
