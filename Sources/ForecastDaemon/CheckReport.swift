// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import ZeroMQ

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
        /// Why they are not; absent where they are.
        var notAdapted: String?
        /// What is taken for an anomaly; absent where none is looked for.
        var anomaly: AnomalyReport?
        /// Seconds without a value after which a stream is let go; absent for never.
        var idleTTL: Double?
        var bytesPerStream: Int
        /// What enters the model, in its order; absent for the stream's own value alone.
        var inputs: InputsReport?

        /// The rule on lines of its own.
        var lines: [String] {
            let outputs = recursion ? "by recursion" : "by the model's outputs"
            let parts = [
                "model \(model), \(mode), \(precision), scale \(scale)", precisionText,
                inputs.map { "inputs: \($0.text)" },
                "horizon \(horizon) \(outputs), warm after \(warmup) ticks", time.text, values.text,
                adaptation?.text ?? "not adapted: \(notAdapted ?? "")", anomaly?.text,
                idleTTL.map { "let go after \(Duration.seconds($0).text) without a value" },
                "\(bytesPerStream) bytes per stream",
            ]
            return ["  \(match)"] + parts.compactMap(\.self).map { "    " + $0 }
        }

        /// What a reduced precision costs; nil for float32.
        private var precisionText: String? {
            guard precision != Precision.float32.rawValue else { return nil }
            let error = precisionError.map { "\($0)" } ?? "outputs are not finite on random input"
            return "\(precision) against float32: \(error)"
        }

        enum CodingKeys: String, CodingKey {
            case match, model, mode, precision, scale, target, horizon, recursion, warmup, time, values,
                adaptation, anomaly, inputs
            case precisionError = "precision_error"
            case notAdapted = "not_adapted"
            case idleTTL = "idle_ttl"
            case bytesPerStream = "bytes_per_stream"
        }
    }

    /// What an output keeps of what it has published.
    package struct Kept: Sendable, Encodable {
        var output: String
        package var lastValue: Bool
        /// Bytes of the newest forecasts; absent where they are not to be had again.
        package var replay: Int?
        /// The most memory that this takes.
        package var bytes: Int

        enum CodingKeys: String, CodingKey {
            case output, replay, bytes
            case lastValue = "last_value"
        }

        var text: String {
            "output \(output) keeps the last forecast of each stream"
                + (replay.map {
                    " and the newest \(ConfigurationUnits.text($0, units: ConfigurationUnits.sizes)) of all"
                } ?? "")
                + ", at most \(CheckReport.mebibytes(bytes)) MiB"
        }
    }

    /// The daemon's key and its sockets' clients.
    struct Curve: Sendable, Encodable {
        var publicKey: String
        /// Keys that are admitted, by socket.
        var clients: [String: Int]

        init(_ keys: SocketKeys) {
            (publicKey, clients) = (keys.pair.publicKey.text, keys.clients.mapValues(\.count))
        }

        var text: String {
            "the daemon's public key is \(publicKey)"
                + clients.sorted { $0.key < $1.key }.map { socket, count in
                    ", \(socket) admits \(count) \(count == 1 ? "client" : "clients")"
                }.joined()
        }

        enum CodingKeys: String, CodingKey {
            case clients
            case publicKey = "public_key"
        }
    }

    /// What an input with producers promises.
    struct LossFree: Sendable, Encodable {
        var input: String
        var producers: Int
        var window: UInt64
        var acknowledged: String

        var text: String {
            "input \(input): at most \(producers) producers, a window of \(window) messages, acknowledged \(acknowledged)"
        }
    }

    var rules: [Rule]
    /// The inputs with producers.
    var lossFree: [LossFree]
    /// The outputs that keep something.
    package var kept: [Kept]
    /// The most streams in memory.
    var streamsLimit: Int
    /// Bytes on disk for the state of further ones; absent where they are refused.
    var spillBytes: Int?
    package var memoryBytes: Int
    /// Whom sockets ask for proof; nil where none does.
    var curve: Curve?
    /// Where reports are served; nil for nowhere.
    var http: String?
    /// Where state is kept, and through what; nil for nowhere.
    var state: String?

    enum CodingKeys: String, CodingKey {
        case rules, kept, curve, http, state
        case lossFree = "loss_free"
        case streamsLimit = "streams_limit"
        case spillBytes = "spill_bytes"
        case memoryBytes = "memory_bytes"
    }

    /// Describes a configuration that was made ready.
    ///
    /// - Parameter keys: Those of its sockets; nil where none asks for proof.
    package init(_ prepared: PreparedDaemon, keys: SocketKeys? = nil) {
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
                notAdapted: rule.adaptation == nil ? Self.reasonNotAdapted(configuration, rule) : nil,
                anomaly: rule.anomalies.map { AnomalyReport($0) },
                idleTTL: rule.idleLimit.map { Double($0) * 1e-9 },
                bytesPerStream: plan.bytesPerStream(rule: rule),
                inputs: rule.inputs.map { InputsReport($0, rule: rule, configuration) })
        }
        let acknowledged =
            switch prepared.configuration.state?.durability {
            case .commit: "once the disk has them"
            case .interval: "once the kernel has them: a power cut may lose the last second"
            case Optional.none, .some(.none): "once they are taken in: a crash may lose them"
            }
        lossFree = prepared.configuration.inputs.compactMap { input in
            input.producers.map {
                LossFree(
                    input: input.name, producers: $0.producers, window: $0.window, acknowledged: acknowledged)
            }
        }
        kept = prepared.configuration.outputs.compactMap { output in
            prepared.keeping(output).map {
                Kept(
                    output: output.name, lastValue: $0.isRepeated, replay: $0.replay?.byteCount,
                    bytes: $0.byteCount)
            }
        }
        streamsLimit = plan.streamsLimit
        spillBytes = plan.spillLimit > 0 ? plan.spillLimit : nil
        let pipelines = prepared.pipelineCount
        memoryBytes =
            streamsLimit * (rules.map(\.bytesPerStream).max() ?? 0) + pipelines
            * (plan.bytesPerBatch + plan.bytesOfDecisions)
            + plan.bytesOfSpilled
            + kept.reduce(0) { $0 + $1.bytes }
            + prepared.configuration.inputs.compactMap(\.streamsPerPeer)
            .reduce(0) { $0 + StreamShares.byteCount(limit: $1, streamsLimit: plan.streamsLimit) }
        curve = keys.map { Curve($0) }
        http = prepared.configuration.http.map { "http://\($0.authority)" }
        state = prepared.configuration.state.map { "\($0.directory), durability \($0.durability)" }
    }

    /// A number of bytes in whole MiB, rounded up.
    fileprivate static func mebibytes(_ bytes: Int) -> Int { (bytes + 1 << 20 - 1) / (1 << 20) }

    private static func reasonNotAdapted(
        _ configuration: StreamRuleConfiguration, _ rule: ForecastPlan.Rule
    ) -> String {
        guard configuration.adaptation == nil else {
            return
                "the model's \(rule.horizon) outputs are more than \(AdaptationConfiguration.maximumHorizon)"
        }
        return AdaptationConfiguration.reasonForNone(
            time: configuration.time, horizon: configuration.horizon)
    }

    private var spillText: String {
        guard let spillBytes else { return "" }
        let size = ConfigurationUnits.text(spillBytes, units: ConfigurationUnits.sizes)
        return ", the index of those included whose state is on disk, in at most \(size)"
    }

    /// The report as lines of text.
    package var text: String {
        (["configuration and models are good; first match wins:"] + rules.flatMap(\.lines)
            + lossFree.map(\.text) + kept.map(\.text) + (curve.map { [$0.text] } ?? [])
            + [
                "at most \(streamsLimit) streams\(spillBytes == nil ? "" : " in memory"), which take at most "
                    + "\(Self.mebibytes(memoryBytes)) MiB" + spillText
            ] + (http.map { ["reports are served at \($0)"] } ?? [])
            + [
                state.map { "state is kept in \($0)" }
                    ?? "state is not kept: a restart begins anew (key state)"
            ])
            .joined(separator: "\n")
    }
}
