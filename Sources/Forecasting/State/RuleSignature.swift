// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// Tells whether the state of a stream that was saved under one rule can go on under another, of this program or of
/// another version of it: only where everything is equal that state depends on.
struct RuleSignature: BitwiseCopyable, Equatable {
    /// To be raised whenever numbers that are saved change their meaning though no type changes its fields.
    private static let version = 1

    let hash: UInt64

    /// Signs a rule of a plan.
    init(_ rule: ForecastPlan.Rule, of plan: ForecastPlan) {
        let model = plan.models[rule.model]
        var rule = rule
        // What says nothing of the state, and the number of the model, which may be another one now.
        (rule.warmup, rule.maximumSkew, rule.model, rule.idleLimit) = (0, 0, 0, nil)
        rule.onModelChange = .rewarm
        let text =
            "\(Self.version) \(Self.fields) \(rule) \(model.revision) \(model.mode) \(model.target) "
            + "\(model.packed.shape) \(plan.checkpointCount) \(plan.hasJoins) \(plan.hasRelated)"
        hash = StreamIdentifier.hash(of: Array(text.utf8).span.bytes, seed: 0)
    }

    /// The fields of all that is saved as it lies in memory, with their sizes.
    private static let fields: String =
        fields(of: StreamRecord.self) + fields(of: OpenTick.self) + fields(of: RollingWindow.Header.self)
        + fields(of: Moments.self) + fields(of: OrderedKeys.Entry.self)
        + fields(of: CheckpointTable.Head.self) + fields(of: CheckpointTable.State.self)
        + fields(of: Resampler.Progress.self) + fields(of: AdaptiveForecaster.Head.self)
        + fields(of: AnomalyState.self) + fields(of: DriftState.self)
        + fields(of: HeldObservations.Ring.self) + fields(of: LastValue.self)
        + fields(of: JoinTable.Member.self) + fields(of: JoinTable.Stream.self)
        + fields(of: JoinTable.Target.self) + fields(of: RelatedTable.Record.self)
        + fields(of: RelatedTable.Point.self) + fields(of: EngineCounts.self)

    private static func fields<Row: BitwiseCopyable>(of type: Row.Type) -> String {
        let zero = SlotTable<Row>(count: 1)[0]
        return "\(zero) \(MemoryLayout<Row>.size) "
    }
}
