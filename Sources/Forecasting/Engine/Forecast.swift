// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the engine says of one stream after one tick, without the forecast values themselves, which
/// travel beside it as a span of `horizon` numbers.
public struct Forecast: Sendable, Equatable {
    /// How far the stream's state can be trusted.
    public enum Status: UInt8, Sendable, CaseIterable {
        /// Too few ticks so far; forecasts are published but not yet meant to be relied on.
        case warming
        /// Enough ticks, nothing amiss.
        case ok
        /// The state began anew from zero: after this tick, which made it non-finite, or with this tick, after a gap
        /// that was too long to fill.
        case reset
        /// Values no longer come; no forecasts follow until they do.
        case stale
        /// The stream's alarm is on, whatever else would be said: its values are not what was expected.
        case anomalous
    }

    /// What a tick does to the stream's alarm.
    public enum Alarm: UInt8, Sendable {
        /// Nothing: it is off.
        case off
        /// It goes on with this tick.
        case begins
        /// Nothing: it is on.
        case on
        /// It goes off with this tick.
        case ends

        /// Whether the tick changes it.
        public var isChange: Bool { self == .begins || self == .ends }
    }

    /// The stream's slot in the engine's `StreamTable`.
    public var slot: UInt32
    /// The index of the rule that the stream follows, in the plan's order.
    public var rule: Int
    /// The time of the tick that the forecast was made at.
    public var time: Timestamp
    /// The value at that tick.
    public var value: Double
    /// How far the stream's state can be trusted.
    public var status: Status
    /// Ticks so far over the ticks that warming takes, 0 to 1.
    public var warmth: Double
    /// Number of this forecast within the stream and the publisher's epoch, from 1.
    public var sequence: UInt64
    /// Seconds from the tick's time to the time at which the forecast was made.
    public var age: Double
    /// What a difference of two forecast values must exceed to mean anything, in the stream's unit: a small part of
    /// the deviation that the model sees as 1.
    public var resolution: Double

    /// Nanoseconds between the stream's ticks; 0 while each observation is a tick.
    public var period: Int64
    /// Whether the value stands in for a tick without observations.
    public var isImputed: Bool
    /// Ticks without observations just before this one.
    public var gap: Int64
    /// Whether the time line or the model's state began anew at this tick.
    public var isReset: Bool
    /// Inputs besides the value itself that stand in for missing ones; nil where there are no others.
    public var missingInputs: Int?
    /// Whether the tick was forecast before, without an observation that came late.
    public var isRevised: Bool
    /// How unusual the value is, from 0, above 1 for an anomaly; NaN where that is not known, nil for a rule that looks
    /// for none.
    public var anomalyScore: Double?
    /// What the tick does to the stream's alarm.
    public var alarm = Alarm.off
    /// How often the alarm has begun and ended so far, where it begins or ends with this tick.
    public var alarmChanges: UInt64 = 0

    /// Makes a forecast's head.
    public init(
        slot: UInt32, rule: Int, time: Timestamp, value: Double, status: Status, warmth: Double,
        sequence: UInt64, age: Double, resolution: Double = 0, period: Int64 = 0, isImputed: Bool = false,
        gap: Int64 = 0, isReset: Bool = false, isRevised: Bool = false, missingInputs: Int? = nil,
        anomalyScore: Double? = nil
    ) {
        self.slot = slot
        self.rule = rule
        self.time = time
        self.value = value
        self.status = status
        self.warmth = warmth
        self.sequence = sequence
        self.age = age
        self.resolution = resolution
        self.period = period
        self.isImputed = isImputed
        self.gap = gap
        self.isReset = isReset
        self.missingInputs = missingInputs
        self.isRevised = isRevised
        self.anomalyScore = anomalyScore
    }
}
