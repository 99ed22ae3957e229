// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What enters the model of a rule at each tick, where that is more than the stream's own value.
///
/// The stream that a rule forecasts is the target; other streams that give it inputs are its members.
public struct InputList: Sendable {
    /// What stands in for a member without observations in a tick.
    public enum Fill: String, Sendable, CaseIterable {
        /// The last value known; before the first, as `mean`.
        case hold
        /// The mean, which is 0 in scaled units.
        case mean
    }

    /// Where an input comes from.
    public enum Source: Sendable {
        /// The target's value.
        case target
        /// Another stream.
        case member(IdentifierTemplate, fill: Fill, aggregate: TimePolicy.Aggregate)
        /// The sine of what the calendar says of the tick's time.
        case sine(CalendarFeature)
        /// Its cosine.
        case cosine(CalendarFeature)
    }

    /// One input of the model.
    public struct Input: Sendable {
        /// What the input is called, as the model file may name it.
        public var name: String
        /// Where it comes from.
        public var source: Source
        /// How it is scaled, but for the target's, which the rule says.
        public var scaling: Scaling

        /// Makes an input.
        public init(name: String, source: Source, scaling: Scaling) {
            self.name = name
            self.source = source
            self.scaling = scaling
        }
    }

    /// The most inputs.
    public static let maximumCount = 64

    /// The inputs, in the model's order.
    public let inputs: [Input]
    /// The zone in which the calendar is read.
    public let zone: TimeZoneOffsets

    /// Makes a list.
    ///
    /// - Precondition: One of the inputs is the target; there are at most `maximumCount`.
    public init(_ inputs: [Input], zone: TimeZoneOffsets = .utc) {
        precondition(inputs.count <= Self.maximumCount, "a model has at most 64 inputs")
        let targets = inputs.count { if case .target = $0.source { true } else { false } }
        precondition(targets == 1, "the target is one of the inputs")
        self.inputs = inputs
        self.zone = zone
    }

    /// The templates of the members' ids.
    public var templates: [IdentifierTemplate] {
        inputs.compactMap { if case .member(let template, _, _) = $0.source { template } else { nil } }
    }
}
