// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels

/// What `forecastd check` says: what is in force for each rule, and what it costs.
package struct CheckReport: Sendable, Encodable {
    /// One rule of the configuration.
    struct Rule: Sendable, Encodable {
        var match: String
        var model: String
        var mode: String
        var precision: String
        /// Absent for float32, and where outputs are not finite.
        var precisionError: PrecisionLoss?
        var scale: String
        var target: String
        var horizon: Int
        var recursion: Bool
        var warmup: Int
        /// How observations become ticks.
        var time: TimeReport
        /// Which values are taken for missing.
        var values: ValueReport
        /// How forecasts are adapted; absent where they are the model's.
        var adaptation: AdaptationReport?
        var bytesPerStream: Int
        /// What enters the model, in its order; absent for the stream's own value alone.
        var inputs: InputsReport?

        /// A line of its own on what a reduced precision costs; nothing for float32.
        var precisionText: String {
            guard precision != Precision.float32.rawValue else { return "" }
            let error = precisionError.map { "\($0)" } ?? "outputs are not finite on random input"
            return "\n    \(precision) against float32: \(error)"
        }

        enum CodingKeys: String, CodingKey {
            case match, model, mode, precision, scale, target, horizon, recursion, warmup, time, values,
                adaptation, inputs
            case precisionError = "precision_error"
            case bytesPerStream = "bytes_per_stream"
        }
    }

    var rules: [Rule]
    var streamsLimit: Int
    var memoryBytes: Int
    /// Where reports are served; nil for nowhere.
    var http: String?

    enum CodingKeys: String, CodingKey {
        case rules, http
        case streamsLimit = "streams_limit"
        case memoryBytes = "memory_bytes"
    }

    /// Describes a configuration that was made ready.
    package init(_ prepared: PreparedDaemon) {
        let plan = prepared.forecasts
        let errors = prepared.models.map { model in
            model.configuration.precision == .float32
                ? nil : PrecisionLoss(of: model.configuration.precision, weights: model.file.weights)
        }
        rules = zip(plan.rules, prepared.configuration.streams).map { rule, configuration in
            let model = plan.models[rule.model]
            return Rule(
                match: rule.match.pattern, model: model.name, mode: "\(model.mode)",
                precision: model.packed.precision.rawValue, precisionError: errors[rule.model],
                scale: "\(rule.scaling)", target: model.target.rawValue, horizon: rule.horizon,
                recursion: rule.horizon > model.packed.shape.outputSize, warmup: plan.warmup(of: rule),
                time: TimeReport(rule.time), values: ValueReport(rule.values),
                adaptation: rule.adaptation.map { AdaptationReport($0) },
                bytesPerStream: plan.bytesPerStream(rule: rule),
                inputs: rule.inputs.map { InputsReport($0, rule: rule, configuration) })
        }
        streamsLimit = plan.streamsLimit
        let pipelines = prepared.pipelineCount
        memoryBytes =
            streamsLimit * (rules.map(\.bytesPerStream).max() ?? 0) + pipelines * plan.bytesPerBatch
        http = prepared.configuration.http.map { "http://\($0.authority)" }
    }

    /// The report as lines of text.
    package var text: String {
        let rows = rules.map { rule in
            "  \(rule.match): model \(rule.model), \(rule.mode), \(rule.precision), scale \(rule.scale), horizon \(rule.horizon) "
                + (rule.recursion ? "by recursion" : "by the model's outputs")
                + ", warm after \(rule.warmup) ticks, \(rule.time.text)\(rule.values.text)\(rule.adaptation?.text ?? ", not adapted"), \(rule.bytesPerStream) bytes per stream"
                + (rule.inputs.map { "\n    inputs: \($0.text)" } ?? "") + rule.precisionText
        }
        return
            (["configuration and models are good; first match wins:"] + rows + [
                "at most \(streamsLimit) streams, which take at most \((memoryBytes + 1 << 20 - 1) / (1 << 20)) MiB"
            ] + (http.map { ["reports are served at \($0)"] } ?? [])).joined(separator: "\n")
    }
}
