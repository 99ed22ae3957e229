// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import RecurrentKernels

/// What an engine is to do: its models, and which streams follow which rule.
///
/// A finished, validated value.
public struct ForecastPlan: Sendable {
    /// A model and the way to run it.
    public struct Model: Sendable {
        /// How the weights are run on a stream.
        public enum Mode: Sendable, Equatable {
            /// One step per tick, hidden and cell state carried for ever.
            case stateful
            /// The last `length` ticks from zero state at every tick: what the module's `forward` computes.
            case window(length: Int)
        }

        /// What an output of the model stands for, in scaled units.
        public enum Target: String, Sendable, CaseIterable {
            /// The value at that horizon.
            case value
            /// The value at that horizon minus the newest value.
            case difference
        }

        /// The model's name in the configuration.
        public var name: String
        /// Names the weights: the same revision has the same weights.
        public var revision: String
        /// The weights, packed for this machine.
        public var packed: PackedModel
        /// How the weights are run.
        public var mode: Mode
        /// What an output stands for.
        public var target: Target

        /// Makes a model.
        ///
        /// - Precondition: A window has at least one tick.
        public init(name: String, revision: String, packed: PackedModel, mode: Mode, target: Target) {
            if case .window(let length) = mode {
                precondition(length >= 1, "a window has at least one tick")
            }
            self.name = name
            self.revision = revision
            self.packed = packed
            self.mode = mode
            self.target = target
        }
    }

    /// How the streams that match a pattern are forecast.
    public struct Rule: Sendable {
        /// The ids of the streams.
        public var match: Glob
        /// Index of the model in `models`.
        public var model: Int
        /// How values are scaled for the model.
        public var scaling: Scaling
        /// Ticks ahead of the farthest forecast: at most the model's outputs, or any for one output.
        public var horizon: Int
        /// Ticks before the status is `ok`.
        public var warmup: Int
        /// How far a time stamp may lie ahead of the clock, in nanoseconds.
        public var maximumSkew: Int64
        /// How observations become ticks.
        public var time: TimePolicy
        /// What enters the model; nil for the stream's own value alone.
        public var inputs: InputList?
        /// Which values are taken for missing.
        public var values: ValuePolicy
        /// How forecasts are adapted to each stream; nil for those of the model as they are.
        public var adaptation: Adaptation?
        /// What is taken for an anomaly; nil where none is looked for.
        public var anomalies: AnomalyPolicy?
        /// After how many nanoseconds without an observation a stream is let go; nil for never.
        public var idleLimit: Int64?
        /// What becomes of the streams when the rule or its model changes while the daemon runs.
        public var onModelChange = ModelChange.rewarm

        /// Makes a rule.
        public init(
            match: Glob, model: Int, scaling: Scaling, horizon: Int, warmup: Int, maximumSkew: Int64,
            time: TimePolicy = TimePolicy(), values: ValuePolicy = ValuePolicy(), inputs: InputList? = nil,
            adaptation: Adaptation? = nil, anomalies: AnomalyPolicy? = nil, idleLimit: Int64? = nil
        ) {
            self.match = match
            self.model = model
            self.scaling = scaling
            self.horizon = horizon
            self.warmup = warmup
            self.maximumSkew = maximumSkew
            self.time = time
            self.inputs = inputs
            self.values = values
            self.adaptation = adaptation
            self.anomalies = anomalies
            self.idleLimit = idleLimit
        }
    }

    /// The models that rules refer to.
    public let models: [Model]
    /// The rules; a stream follows the first that matches its id.
    public let rules: [Rule]
    /// The most streams that the engine has in memory.
    public var streamsLimit: Int
    /// Bytes that a shelf may have for the state of further streams; 0 for no shelf.
    public var spillLimit: Int
    /// The most observations that wait for one turn's steps.
    public let batchLimit: Int
    /// Ticks of each stream that are kept with their forecasts for whoever looks; 0 keeps none.
    public let traceLength: Int
    /// Producers whose newest message's number the engine remembers.
    package var producersLimit = 1

    /// What the ids of members match.
    let memberPatterns: [Glob]
    /// Tell of each rule what its streams' state depends on; made once, because they say all fields in writing.
    private(set) var signatures: [RuleSignature] = []

    /// Makes a plan.
    ///
    /// - Precondition: Every rule names a model of the plan, has a horizon that the model can give, and
    ///   limits are at least 1.
    public init(
        models: [Model], rules: [Rule], streamsLimit: Int, batchLimit: Int, traceLength: Int = 0,
        spillLimit: Int = 0
    ) {
        precondition(traceLength >= 0 && spillLimit >= 0, "a trace has a length, a shelf bytes")
        precondition(streamsLimit >= 1 && batchLimit >= 1, "limits are at least 1")
        for rule in rules {
            precondition(models.indices.contains(rule.model), "a rule names a model of the plan")
            let outputs = models[rule.model].packed.shape.outputSize
            precondition(
                rule.horizon >= 1 && (rule.horizon <= outputs || outputs == 1),
                "a horizon is at most the model's outputs, unless it is reached by recursion from one")
            precondition(rule.warmup >= 0 && rule.maximumSkew >= 0, "warmup and skew are not negative")
            precondition(rule.time.isValid, "a time policy keeps within its limits")
            precondition(
                models[rule.model].packed.shape.inputSize == rule.inputs?.inputs.count ?? 1,
                "a rule gives its model as many inputs as it takes")
            precondition(
                rule.inputs == nil || (rule.horizon <= outputs && rule.time.every != .auto),
                "several inputs have a period or none, and no recursion, which would need their future")
            precondition(
                rule.inputs == nil
                    || (!rule.time.reorders && rule.time.reviseLimit == 0 && rule.scaling != .window),
                "several inputs are not reordered without a grid, not revised, and not scaled by windows")
            precondition(
                rule.scaling != .window || rule.time.windowLength >= 2,
                "a window that gives a scale has at least two ticks")
            precondition(rule.values.isValid, "a value policy keeps within its limits")
            precondition(
                rule.adaptation.map { $0.isValid && $0.horizon == rule.horizon } ?? true,
                "an adaptation keeps within its limits, and has the rule's horizon")
            precondition(
                rule.adaptation == nil || rule.time.reviseLimit == 0,
                "what a stream has learned is not taken back for late observations")
            precondition(
                rule.anomalies.map { $0.isValid && rule.time.reviseLimit == 0 } ?? true,
                "an anomaly policy keeps within its ranges, and alarms are not taken back for late observations"
            )
        }
        self.models = models
        self.rules = rules
        self.streamsLimit = streamsLimit
        self.batchLimit = batchLimit
        self.traceLength = traceLength
        self.spillLimit = spillLimit
        memberPatterns = rules.flatMap { $0.inputs?.templates.map(\.pattern) ?? [] }
        precondition(
            !isJoined || (spillLimit == 0 && rules.allSatisfy { $0.idleLimit == nil }),
            "streams that others depend on are not let go")
        signatures = rules.map { RuleSignature($0, of: self) }
    }

    /// Whether streams look at others, so that none can be let go alone.
    public var isJoined: Bool { hasJoins || hasRelated }
}

extension ForecastPlan.Rule {
    /// Ticks in a season, wherever the rule has one; 0 where none is known.
    var season: Int { max(time.season, adaptation?.season ?? 0, anomalies?.season ?? 0) }
}

extension ForecastPlan {
    /// Ticks of a stream before its status is `ok`: the rule's, or those that fill a window.
    public func warmup(of rule: Rule) -> Int {
        guard case .window(let length) = models[rule.model].mode else { return rule.warmup }
        return max(rule.warmup, length)
    }

    /// States of a stream that are kept for late observations, where its rule takes them in.
    var checkpointCount: Int { rules.map(\.time.reviseLimit).max() ?? 0 }

    /// Memory that an engine's batches take, however many streams there are, in bytes.
    public var bytesPerBatch: Int {
        let levels = rules.compactMap { $0.adaptation?.levels.count }.max() ?? 0
        let values = (rules.map(\.horizon).max() ?? 1) * (1 + 2 * levels) + 2 + levels
        let state = models.map {
            $0.packed.stateStride * ($0.mode == .stateful ? 1 : 2) + $0.packed.shape.outputSize
        }.reduce(0, +)
        return batchLimit * (values * MemoryLayout<Double>.stride + state * MemoryLayout<Float>.stride)
    }

    /// The most streams that a shelf may have.
    var spilledLimit: Int { spillLimit / StreamShelf.alignment }

    /// Memory that the index of a full shelf takes at most, in bytes.
    public var bytesOfSpilled: Int { spilledLimit * SpilledStreams.bytesPerStream }

    /// Memory that a stream of `rule` takes, in bytes.
    public func bytesPerStream(rule: Rule) -> Int {
        let model = models[rule.model]
        let state: Int
        switch model.mode {
        case .stateful: state = model.packed.stateStride * MemoryLayout<Float>.stride
        case .window(let length):
            state = length * model.packed.shape.inputSize * MemoryLayout<Double>.stride
        }
        let isRevised = rule.time.reviseLimit > 0
        let checkpoints = isRevised ? CheckpointTable.bytesPerStream(length: checkpointCount) : 0
        let states = isRevised && model.mode == .stateful ? checkpointCount * state : 0
        return state + states + checkpoints + MemoryLayout<StreamRecord>.stride + StreamTable.bytesPerStream
            + StreamIdentifier.maximumLength
            + ((spillLimit > 0 ? 1 : 0) + (rule.idleLimit == nil ? 0 : 1)) * DeadlineQueue.bytesPerStream
            + bytesOfTime(rule.time) + RefusalTable.bytesPerStream
            + (rule.values.needsLastValue ? MemoryLayout<LastValue>.stride : 0) + bytesOfInputs(rule)
            + bytesOfAdaptation(rule) + MemoryLayout<DriftState>.stride
            + (rule.anomalies == nil ? 0 : MemoryLayout<AnomalyState>.stride)
            + (traceLength > 0 ? TraceLayout(of: rule, length: traceLength).byteCount : 0)
    }

    private func bytesOfAdaptation(_ rule: Rule) -> Int {
        // Streams of all rules may be looked at.
        let related = hasRelated ? RelatedTable.bytesPerStream : 0
        guard let adaptation = rule.adaptation else { return related }
        let hiddenSize = models[rule.model].packed.shape.hiddenSize
        return related + AdaptiveForecaster.bytesPerStream(adaptation, hiddenSize: hiddenSize)
    }

    private func bytesOfInputs(_ rule: Rule) -> Int {
        guard let inputs = rule.inputs else { return 0 }
        return JoinTable.bytesPerTarget + JoinTable.bytes(of: inputs, rule.time)
    }

    private func bytesOfTime(_ time: TimePolicy) -> Int {
        time.keptTicksLimit * MemoryLayout<OpenTick>.stride + time.windowLayout.byteCount
            + (time.every == .auto ? PeriodLearner.differenceCount * MemoryLayout<Double>.stride : 0)
            + (time.every == .event && !time.reorders ? 0 : DeadlineQueue.bytesPerStream)
            + (time.reorders ? HeldObservations.bytesPerStream : 0)
    }
}

extension ForecastPlan.Model.Mode: CustomStringConvertible {
    /// The mode as the configuration has it.
    public var description: String {
        switch self {
        case .stateful: "stateful"
        case .window(let length): "window of \(length)"
        }
    }
}
