// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// In what two rules differ, as far as it matters to their streams.
package struct RuleDifference: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// What a tick is, and what joins the observations of one.
    package static let every = RuleDifference(rawValue: 1 << 0)
    package static let aggregate = RuleDifference(rawValue: 1 << 1)
    /// How long ticks wait for observations, and what becomes of later ones.
    package static let lateness = RuleDifference(rawValue: 1 << 2)
    package static let late = RuleDifference(rawValue: 1 << 3)
    package static let gaps = RuleDifference(rawValue: 1 << 4)
    package static let windowLength = RuleDifference(rawValue: 1 << 5)
    package static let season = RuleDifference(rawValue: 1 << 6)
    /// Which values are taken for missing.
    package static let values = RuleDifference(rawValue: 1 << 7)
    package static let scaling = RuleDifference(rawValue: 1 << 8)
    package static let horizon = RuleDifference(rawValue: 1 << 9)
    package static let levels = RuleDifference(rawValue: 1 << 10)
    /// What else is learned.
    package static let adaptation = RuleDifference(rawValue: 1 << 11)
    /// What else is taken for an anomaly.
    package static let anomalies = RuleDifference(rawValue: 1 << 12)
    /// What the model computes.
    package static let model = RuleDifference(rawValue: 1 << 13)
}

extension RuleDifference {
    /// In what ways differ of making ticks.
    init(_ new: TimePolicy, _ old: TimePolicy) {
        self = []
        if new.every != old.every { insert(.every) }
        if new.aggregate != old.aggregate { insert(.aggregate) }
        if new.lateness != old.lateness { insert(.lateness) }
        if new.reviseLimit != old.reviseLimit { insert(.late) }
        if (new.fill, new.limit, new.renewal) != (old.fill, old.limit, old.renewal) { insert(.gaps) }
        if new.windowLength != old.windowLength { insert(.windowLength) }
        if new.season != old.season { insert(.season) }
    }

    /// In what adaptations differ, but for the horizon.
    init(_ new: Adaptation?, _ old: Adaptation?) {
        guard let new, var old else {
            self = new == old ? [] : .adaptation
            return
        }
        self = []
        if (new.season, new.seasonLimit) != (old.season, old.seasonLimit) { insert(.season) }
        if new.levels != old.levels { insert(.levels) }
        (old.season, old.seasonLimit, old.levels, old.horizon) = (
            new.season, new.seasonLimit, new.levels, new.horizon
        )
        if new != old { insert(.adaptation) }
    }

    /// In what differs what is taken for an anomaly.
    init(_ new: AnomalyPolicy?, _ old: AnomalyPolicy?) {
        guard let new, var old else {
            self = new == old ? [] : .anomalies
            return
        }
        self = new.season == old.season ? [] : .season
        old.season = new.season
        if new != old { insert(.anomalies) }
    }
}
