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
        var scale: String
        var target: String
        var horizon: Int
        var recursion: Bool
        var warmup: Int
        var bytesPerStream: Int

        enum CodingKeys: String, CodingKey {
            case match, model, mode, scale, target, horizon, recursion, warmup
            case bytesPerStream = "bytes_per_stream"
        }
    }

    var rules: [Rule]
    var streamsLimit: Int
    var memoryBytes: Int

    enum CodingKeys: String, CodingKey {
        case rules
        case streamsLimit = "streams_limit"
        case memoryBytes = "memory_bytes"
    }

    /// Describes a configuration that was made ready.
    package init(_ prepared: PreparedDaemon) {
        let plan = prepared.forecasts
        rules = plan.rules.map { rule in
            let model = plan.models[rule.model]
            return Rule(
                match: rule.match.pattern, model: model.name, mode: "\(model.mode)", scale: "\(rule.scaling)",
                target: model.target.rawValue, horizon: rule.horizon,
                recursion: rule.horizon > model.packed.shape.outputSize, warmup: rule.warmup,
                bytesPerStream: plan.bytesPerStream(rule: rule))
        }
        streamsLimit = plan.streamsLimit
        memoryBytes = streamsLimit * (rules.map(\.bytesPerStream).max() ?? 0)
    }

    /// The report as lines of text.
    package var text: String {
        let rows = rules.map { rule in
            "  \(rule.match): model \(rule.model), \(rule.mode), scale \(rule.scale), horizon \(rule.horizon) "
                + (rule.recursion ? "by recursion" : "by the model's outputs")
                + ", warm after \(rule.warmup) ticks, \(rule.bytesPerStream) bytes per stream"
        }
        return
            (["configuration and models are good; first match wins:"] + rows + [
                "at most \(streamsLimit) streams, which take at most \((memoryBytes + 1 << 20 - 1) / (1 << 20)) MiB"
            ]).joined(separator: "\n")
    }
}
