// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// What becomes of streams when an engine takes over from one that follows another plan.
package struct Succession: Sendable {
    /// What the state of a rule's streams depends on.
    private struct Parts: Equatable {
        let time: TimePolicy
        let values: ValuePolicy
        let scaling: Scaling
        let horizon: Int
        let adaptation: Adaptation?
        let anomalies: AnomalyPolicy?
        /// What the model computes, and what its state looks like.
        let model, layout: String

        init(_ rule: ForecastPlan.Rule, of plan: ForecastPlan) {
            let model = plan.models[rule.model]
            (time, values) = (rule.time, rule.values)
            (scaling, horizon) = (rule.scaling, rule.horizon)
            (adaptation, anomalies) = (rule.adaptation, rule.anomalies)
            layout = "\(model.mode) \(model.packed.shape) \(model.packed.precision)"
            self.model = "\(model.revision) \(model.target) \(layout)"
        }

        func difference(from other: Parts) -> RuleDifference {
            var difference: RuleDifference = [
                RuleDifference(time, other.time), RuleDifference(adaptation, other.adaptation),
                RuleDifference(anomalies, other.anomalies),
            ]
            if values != other.values { difference.insert(.values) }
            if scaling != other.scaling { difference.insert(.scaling) }
            if horizon != other.horizon { difference.insert(.horizon) }
            if model != other.model { difference.insert(.model) }
            return difference
        }
    }

    /// What becomes of the streams of a rule that follow another one, and why that is not what the rule wants.
    private struct Outcome {
        var change: StreamChange
        var reason: String?
        var difference: RuleDifference = []
    }

    private let new: ForecastPlan
    /// By the old rule and the new one.
    private let outcomes: [[Outcome]]
    /// Old rules whose streams the new ones have, with what all their streams have learned together.
    let poolSources: [Int?]

    /// Compares two plans.
    package init(from old: ForecastPlan, to new: ForecastPlan) {
        self.new = new
        let before = old.rules.map { Parts($0, of: old) }
        let after = new.rules.map { Parts($0, of: new) }
        let outcomes = before.map { before in
            zip(after, new.rules).map { after, rule in
                var outcome = Self.outcome(from: before, to: after, rule.onModelChange)
                outcome.difference = after.difference(from: before)
                return outcome
            }
        }
        poolSources = new.rules.indices.map { rule in
            old.rules.indices.first { source in
                old.rules[source].match.pattern == new.rules[rule].match.pattern
                    && before[source].adaptation == after[rule].adaptation
                    && [.unchanged, .kept].contains(outcomes[source][rule].change)
            }
        }
        self.outcomes = outcomes
    }

    private static func outcome(from old: Parts, to new: Parts, _ wish: ModelChange) -> Outcome {
        if old == new { return Outcome(change: .unchanged) }
        if wish == .reset { return Outcome(change: .reset) }
        guard old.time == new.time else {
            return Outcome(
                change: .reset, reason: "ticks are made in another way, or the window has another length")
        }
        guard new.scaling.followsValues == false || old.scaling.followsValues || new.time.windowLength > 0
        else {
            return Outcome(change: .reset, reason: "there is no window that a scale could be taken from")
        }
        guard wish == .keep else { return Outcome(change: .rewarmed) }
        guard old.layout == new.layout else {
            return Outcome(change: .rewarmed, reason: "the model has another shape, mode or precision")
        }
        return Outcome(change: .kept)
    }

    /// The rule that a stream follows from now on; nil for none.
    package func rule(of identifier: RawSpan) -> Int? { new.rule(of: identifier) }

    /// What becomes of a stream of a rule that follows another one from now on, or none.
    package func change(from old: Int, to new: Int?) -> StreamChange {
        new.map { outcomes[old][$0].change } ?? .removed
    }

    /// Why that is not what the rule wants; nil if it is.
    package func reason(from old: Int, to new: Int) -> String? { outcomes[old][new].reason }

    /// In what the two rules differ.
    package func difference(from old: Int, to new: Int?) -> RuleDifference {
        new.map { outcomes[old][$0].difference } ?? []
    }

    /// Whether streams of one plan can be handed to the other at all: none are joined or related.
    package static func isPossible(from old: ForecastPlan, to new: ForecastPlan) -> Bool {
        !old.isJoined && !new.isJoined
    }
}

extension Scaling {
    /// Whether the scale is the stream's own.
    var followsValues: Bool {
        switch self {
        case .none, .fixed: false
        case .rolling, .window: true
        }
    }
}

extension ForecastPlan {
    /// Tells plans apart under which streams have another state.
    package var digest: UInt64 {
        signatures.withUnsafeBytes { StreamIdentifier.hash(of: $0.bytes, seed: 0) }
    }
}
