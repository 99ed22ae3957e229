// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Foundation
import Logging
package import RecurrentKernels
import WireFormat
import ZeroMQ

/// A configuration made ready: models read and packed, rules resolved, everything validated.
package struct PreparedDaemon: Sendable {
    /// One model of the configuration.
    package struct Model: Sendable {
        /// What the configuration says of it.
        let configuration: ModelConfiguration
        /// Its file.
        let file: ModelFile
        /// What the file says of its use.
        let metadata: ModelMetadata
    }

    /// The configuration.
    package let configuration: DaemonConfiguration
    /// Its models, in its order.
    package let models: [Model]
    /// What the engine will do.
    package let forecasts: ForecastPlan

    /// Reads the models and resolves the rules.
    ///
    /// - Parameter precisions: Those that the machine can run.
    /// - Throws: A `DaemonError`: `noInput` or `data` for a model file, `configuration` for rules and models
    ///   that do not fit, or a precision that the machine cannot run.
    package init(
        _ configuration: DaemonConfiguration, precisions: [Precision] = Precision.available
    ) throws(DaemonError) {
        var models: [Model] = []
        for model in configuration.models {
            guard precisions.contains(model.precision) else {
                throw DaemonError(
                    .configuration,
                    "model \"\(model.name)\": precision: \(model.precision) needs a processor with the AVX-512 BF16 "
                        + "instructions (avx512_bf16 in /proc/cpuinfo), which this one lacks; use precision: "
                        + "float32, which runs on any, or leave the key out")
            }
            let file: ModelFile
            do {
                file = try ModelFile(path: model.weights)
            } catch {
                throw DaemonError(error.status, "models.\(model.name).weights: \(error)")
            }
            models.append(
                Model(
                    configuration: model, file: file,
                    metadata: try ModelMetadata(file.contents.metadata, path: file.path)))
        }
        var rules: [ForecastPlan.Rule] = []
        for rule in configuration.streams { rules.append(try Self.rule(rule, models: models)) }
        self.configuration = configuration
        self.models = models
        let isJoined = rules.contains { $0.inputs != nil || $0.adaptation?.related != nil }
        if isJoined, let rule = rules.first(where: { $0.idleLimit != nil }) {
            throw DaemonError(
                .configuration,
                "rule \"\(rule.match.pattern)\": idle_ttl: where inputs_from or related lets streams look at others, none "
                    + "is let go: expected no idle_ttl in any rule; leave it out")
        }
        var plan = ForecastPlan(
            models: models.map(Self.planned), rules: rules, streamsLimit: configuration.streamsLimit,
            batchLimit: configuration.pipeline.batchLimit, traceLength: configuration.http?.history ?? 0,
            spillLimit: isJoined ? 0 : configuration.state?.spillLimit ?? 0)
        plan.producersLimit = max(1, configuration.inputs.reduce(0) { $0 + ($1.producers?.producers ?? 0) })
        forecasts = plan
        try checkReplays()
        if pipelineCount > 1, let rule = rules.first(where: { $0.adaptation?.related != nil }) {
            throw DaemonError(
                .configuration,
                "rule \"\(rule.match.pattern)\": related: streams that learn from each other are on one pipeline: "
                    + "expected pipelines: 1, found \(pipelineCount); leave out one of both keys")
        }
        if pipelineCount > 1, configuration.state != nil, let rule = rules.first(where: { $0.inputs != nil })
        {
            throw DaemonError(
                .configuration,
                "rule \"\(rule.match.pattern)\": inputs_from: streams that are inputs of others keep their state on one "
                    + "pipeline: expected pipelines: 1, found \(pipelineCount); leave out state, or write pipelines: 1"
            )
        }
    }

    private static func planned(_ model: Model) -> ForecastPlan.Model {
        let mode: ForecastPlan.Model.Mode =
            switch model.configuration.mode {
            case .stateful: .stateful
            case .window(let length): .window(length: length)
            }
        return ForecastPlan.Model(
            name: model.configuration.name, revision: model.file.revision,
            packed: PackedModel(model.file.weights, precision: model.configuration.precision),
            mode: mode, target: model.metadata.target ?? .value)
    }

    private static func rule(
        _ rule: StreamRuleConfiguration, models: [Model]
    ) throws(DaemonError) -> ForecastPlan.Rule {
        func failure(_ message: String) -> DaemonError {
            DaemonError(.configuration, "rule \"\(rule.match)\": \(message)")
        }
        guard let index = models.firstIndex(where: { $0.configuration.name == rule.model }) else {
            throw failure("expected a model of the configuration, found \"\(rule.model)\"")
        }
        let model = models[index]
        let shape = model.file.weights.shape
        let horizon = rule.horizon ?? shape.outputSize
        guard horizon <= shape.outputSize || shape.outputSize == 1 && rule.inputs == nil else {
            throw failure(
                "expected a horizon of at most \(shape.outputSize), the outputs of \(model.file.path), found \(horizon)"
                    + (rule.inputs == nil ? "" : ": what inputs_from names is not known ahead"))
        }
        do {
            let match = try Glob(rule.match)
            let order = try ModelInputOrder(rule, match: match, model: model)
            var time = rule.time.policy
            var anomalies = rule.anomalies
            anomalies?.season = rule.time.seasonTicks ?? 0
            time.wait = rule.inputs?.wait(rule.time).nanoseconds ?? 0
            var planned = ForecastPlan.Rule(
                match: match, model: index, scaling: order.targetScaling, horizon: horizon,
                warmup: rule.warmup, maximumSkew: rule.maximumSkew.nanoseconds, time: time,
                values: rule.values, inputs: order.inputs,
                adaptation: try adaptation(rule, match: match, horizon: horizon), anomalies: anomalies,
                idleLimit: rule.idleLimit?.nanoseconds)
            planned.onModelChange = rule.onModelChange
            return planned
        } catch {
            throw failure("\(error)")
        }
    }

    private static func adaptation(
        _ rule: StreamRuleConfiguration, match: Glob, horizon: Int
    ) throws -> Adaptation? {
        guard let adaptation = rule.adaptation else { return nil }
        guard horizon <= AdaptationConfiguration.maximumHorizon else {
            let keys = adaptation.keys + (rule.time.seasonLimit == nil ? [] : ["season: auto"])
            let key = adaptation.isStated ? "adapt" : keys.first
            guard let key else { return nil }
            throw DaemonError(
                .configuration,
                "rule \"\(rule.match)\": expected a horizon of at most \(AdaptationConfiguration.maximumHorizon) with "
                    + "\(key), found \(horizon), the outputs of the model: write a shorter one, or leave out \(key)"
            )
        }
        return Adaptation(
            depth: adaptation.depth, season: rule.time.seasonTicks ?? 0,
            seasonLimit: rule.time.seasonLimit ?? 0, horizon: horizon, levels: adaptation.levels,
            mix: adaptation.mix,
            related: try adaptation.related.map { try IdentifierTemplate($0, of: match, isPattern: true) })
    }

    /// Runs the daemon until it is told to stop.
    ///
    /// - Parameters:
    ///   - path: The configuration's file, which a reload reads again.
    ///   - acceptsLoss: Whether to go on where parts of the kept state are destroyed, without what was in them.
    package func run(path: String, acceptsLoss: Bool = false) async throws {
        let journal: (any LogHandler)? = JournalLogHandler(
            stream: ProcessEnvironment.variable("JOURNAL_STREAM"))
        var logger = Logger(label: "forecastd") { _ -> any LogHandler in journal ?? TextLogHandler() }
        logger.logLevel = configuration.log.level
        var plan = pipelinePlan(keys: try SocketKeys(configuration))
        plan.state?.acceptsLoss = acceptsLoss
        try await Daemon(self, path: path, plan: plan, logger: logger).run()
    }
}

extension PreparedDaemon {
    /// Pipelines that the streams are divided among.
    var pipelineCount: Int {
        switch configuration.pipelines {
        case .auto: ProcessInfo.processInfo.activeProcessorCount  // heeds the process's affinity
        case .fixed(let count): count
        }
    }

    /// What the pipelines are to do.
    ///
    /// - Parameter keys: Those of the configuration; without them the plan's sockets cannot be opened that ask for proof.
    package func pipelinePlan(keys: SocketKeys? = nil) -> PipelinePlan {
        var plan = PipelinePlan(
            inputs: configuration.inputs.map { input in
                var options = SocketOptions(input.connection)
                let isSecured = configuration.isSecured(input.connection)
                if isSecured { options.prove(input.connection, "inputs.\(input.name)", by: keys) }
                options.receiveHighWaterMark = input.connection.highWaterMark
                options.maximumMessageSize = input.maximumMessageSize
                return PipelinePlan.Input(
                    name: input.name, socket: input.socketKind, options: options,
                    connect: input.connection.connect, bind: input.connection.bind, topics: input.topics,
                    decoder: input.decoder, producers: input.producers,
                    streamsPerPeer: input.streamsPerPeer, isSecured: isSecured)
            },
            outputs: configuration.outputs.map { output in
                var options = SocketOptions(output.connection)
                options.sendHighWaterMark = output.connection.highWaterMark
                options.linger = output.linger
                // Subscribers send nothing but short prefixes.
                options.maximumMessageSize = 1024
                // What libzmq takes over of a connection at once, into memory of its own without a limit:
                // SubscriptionLimit cuts who asks too often.
                options.receiveHighWaterMark = 1000
                let isSecured = configuration.isSecured(output.connection)
                if isSecured { options.prove(output.connection, "outputs.\(output.name)", by: keys) }
                return PipelinePlan.Output(
                    name: output.name, options: options, connect: output.connection.connect,
                    bind: output.connection.bind, format: output.format, times: output.timeFormat,
                    alarms: output.anomalies, keeping: keeping(output), subscriptions: output.subscriptions,
                    isSecured: isSecured)
            }, forecasts: forecasts, labels: labels, pipelineCount: pipelineCount,
            batchLimit: configuration.pipeline.batchLimit,
            ioThreads: configuration.pipeline.ioThreads,
            ioThreadScheduling: configuration.pipeline.ioThreadScheduling,
            state: configuration.state.map {
                StatePlan(
                    directory: $0.directory, durability: $0.durability, snapshotEvery: $0.snapshotEvery,
                    snapshotAfter: $0.snapshotAfter, ballast: $0.ballast)
            },
            epoch: UInt64(max(0, WallClock.now().nanoseconds)))
        plan.keys = keys
        return plan
    }
}

extension InputConfiguration {
    fileprivate var socketKind: SocketKind {
        switch socket {
        case .sub: .sub
        case .pull: .pull
        case .router: .router
        }
    }
}

extension SocketOptions {
    fileprivate init(_ connection: ConnectionConfiguration) {
        self.init()
        heartbeatInterval = connection.heartbeat.interval
        heartbeatTimeout = connection.heartbeat.timeout
        heartbeatTimeToLive = connection.heartbeat.timeToLive
        reconnectInterval = connection.reconnect.initial
        maximumReconnectInterval = connection.reconnect.maximum
        handshakeInterval = connection.handshakeTimeout
    }

    fileprivate mutating func prove(
        _ connection: ConnectionConfiguration, _ socket: String, by keys: SocketKeys?
    ) {
        curve = keys.map { CurveSecurity(keys: $0.pair, serverKey: connection.serverKey, domain: socket) }
    }
}
