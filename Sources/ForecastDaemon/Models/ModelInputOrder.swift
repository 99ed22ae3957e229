// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels

/// The inputs of a rule, by their names in the order of its model, with the scale of each.
struct ModelInputOrder {
    /// Why a rule's inputs are not those of its model.
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    /// What enters the model; nil for the stream's own value alone.
    let inputs: InputList?
    /// The scale of the stream that is forecast.
    let targetScaling: Scaling

    /// Brings the inputs that a rule names and those that a model takes together.
    ///
    /// - Throws: A `Mismatch` or an error of a template.
    init(_ rule: StreamRuleConfiguration, match: Glob, model: PreparedDaemon.Model) throws {
        let size = model.file.weights.shape.inputSize
        let path = model.file.path
        guard let configuration = rule.inputs else {
            guard size == 1 else {
                let names = model.metadata.inputs.map { " (\($0.joined(separator: ", ")))" } ?? ""
                throw Mismatch(
                    description:
                        "expected a model with one input per tick, found \(path) with \(size)\(names): "
                        + "write inputs_from, which says where they come from")
            }
            inputs = nil
            targetScaling = try Self.scaling(of: nil, at: 0, rule, model)
            return
        }
        var sources = try configuration.entries.flatMap {
            try Self.sources(of: $0, rule: rule, match: match)
        }
        let given = sources.map(\.name)
        let names = model.metadata.inputs ?? given
        guard given.sorted() == names.sorted() else {
            throw Mismatch(
                description:
                    "expected the inputs that the metadata of \(path) names, \(names.joined(separator: ", ")); "
                    + "inputs_from gives \(given.joined(separator: ", "))")
        }
        guard names.count == size else {
            throw Mismatch(
                description: "expected the \(size) inputs of \(path), found \(names.count): "
                    + names.joined(separator: ", "))
        }
        sources.sort { names.firstIndex(of: $0.name)! < names.firstIndex(of: $1.name)! }
        var list: [InputList.Input] = []
        var targetScaling = Scaling.none
        for (index, source) in sources.enumerated() {
            let scaling = try Self.scaling(of: source.entry, at: index, rule, model)
            list.append(InputList.Input(name: source.name, source: source.source, scaling: scaling))
            if case .target = source.source { targetScaling = scaling }
        }
        guard let zone = TimeZoneOffsets(name: configuration.timeZone) else {
            throw Mismatch(description: "this machine does not know the time zone \(configuration.timeZone)")
        }
        inputs = InputList(list, zone: zone)
        self.targetScaling = targetScaling
    }

    private typealias NamedSource = (
        name: String, entry: ModelInputConfiguration, source: InputList.Source
    )

    /// The inputs of an entry: one of a stream, two of the calendar.
    private static func sources(
        of entry: ModelInputConfiguration, rule: StreamRuleConfiguration, match: Glob
    ) throws -> [NamedSource] {
        let sources: [InputList.Source]
        switch entry.source {
        case .stream where ModelInputsConfiguration.isTarget(entry, of: match): sources = [.target]
        case .stream(let stream):
            sources = [
                .member(
                    try IdentifierTemplate(stream, of: match), fill: entry.fill,
                    aggregate: entry.aggregate ?? rule.time.aggregate)
            ]
        case .calendar(let feature): sources = [.sine(feature), .cosine(feature)]
        }
        return zip(entry.names, sources).map { ($0, entry, $1) }
    }

    /// The scale of the input number `index` of the model.
    private static func scaling(
        of entry: ModelInputConfiguration?, at index: Int, _ rule: StreamRuleConfiguration,
        _ model: PreparedDaemon.Model
    ) throws -> Scaling {
        if case .model = rule.scale {
            let size = model.file.weights.shape.inputSize
            guard let means = model.metadata.means, let deviations = model.metadata.deviations else {
                throw Mismatch(
                    description: "scale: model takes the keys \"mean\" and \"std\" from the metadata of "
                        + "\(model.file.path), which has not both; write them there, or use scale: fixed or rolling"
                )
            }
            guard means.count == size, deviations.count == size else {
                throw Mismatch(
                    description:
                        "scale: model takes a mean and a std for each of the \(size) inputs from the metadata "
                        + "of \(model.file.path), found \(means.count) and \(deviations.count)")
            }
            return .fixed(mean: means[index], deviation: deviations[index])
        }
        if case .calendar = entry?.source { return .none }
        switch rule.scale {
        case .unscaled, .model: return .none
        case .fixed(let mean, let deviation):
            return .fixed(mean: entry?.mean ?? mean, deviation: entry?.deviation ?? deviation)
        case .window: return .window
        case .rolling(let halfLife):
            return .rolling(
                halfLife: halfLife ?? model.metadata.halfLife ?? StreamRuleConfiguration.defaultHalfLife)
        }
    }
}
