// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How a rule makes ticks of its streams' observations.
///
/// `Documentation/Time.md` explains each part. Times are in nanoseconds.
public struct TimePolicy: Sendable, Equatable {
    /// What a tick is.
    public enum Every: Sendable, Equatable {
        /// Each observation.
        case event
        /// All observations from k periods after the epoch to k + 1, for a whole number k.
        case period(Int64)
        /// Each observation, until the stream's first observations have shown its period.
        case auto
    }

    /// What joins the observations of one tick.
    public enum Aggregate: String, Sendable, CaseIterable {
        /// The one with the latest time.
        case last
        /// Their mean.
        case mean
        /// The least.
        case min
        /// The greatest.
        case max
        /// Their sum.
        case sum
    }

    /// What stands in for a tick without observations.
    public enum Fill: String, Sendable, CaseIterable, BitwiseCopyable {
        /// The last value known.
        case hold
        /// A straight line between the values on both sides of the gap; as `hold` where only one is known.
        case linear
        /// The value one season before.
        case seasonal
        /// The forecast of that tick.
        case forecast
        /// Nothing: the model does not step.
        case skip
    }

    /// What becomes of the model's state after a gap that was too long to fill.
    public enum Renewal: String, Sendable, CaseIterable, BitwiseCopyable {
        /// It begins at zero.
        case reset
        /// It begins at zero and is run over the values kept from before the gap.
        case rewarm
    }

    /// What a tick is.
    public var every = Every.event
    /// What joins the observations of one tick.
    public var aggregate = Aggregate.last
    /// How far an observation may lie behind the stream's newest before its tick is closed without it; while each
    /// is a tick, how long it waits for earlier ones.
    public var lateness: Int64 = 0
    /// How much longer a tick waits for the streams that give inputs beside its own; `InputList`.
    public var wait: Int64 = 0
    /// Closed ticks that a late observation can still reach; 0 drops late observations.
    public var reviseLimit = 0
    /// What stands in for a missing tick.
    public var fill = Fill.hold
    /// How long a gap is filled; nil for `defaultLimitTicks` periods.
    public var limit: Int64?
    /// What becomes of the model's state after a longer gap.
    public var renewal = Renewal.reset
    /// Ticks in a season, for `fill: seasonal`.
    public var season = 0
    /// Ticks of the stream's rolling window; 0 keeps none.
    public var windowLength = 0

    /// Makes the policy under which each observation is a tick.
    public init() {}

    /// Periods that a grid may have: a millisecond to 366 days.
    public static let periods: ClosedRange<Int64> = 1_000_000...366 * 86_400_000_000_000
    /// Ticks that a gap may have, where the rule does not say it.
    public static let defaultLimitTicks: Int64 = 10
    /// No gap of more ticks is filled.
    public static let maximumLimitTicks: Int64 = 10_000
    /// No lateness and wait together are longer, in ticks, so that a stream's open ticks have a bound.
    public static let maximumLatenessTicks: Int64 = 1000
    /// No late observation reaches more closed ticks.
    public static let maximumReviseLimit = 64
    /// How long lateness may be, in ticks, where the period is not known before the stream comes.
    static let autoLatenessTicks: Int64 = 15
}

extension TimePolicy {
    /// Whether all parts are in their ranges and fit together.
    var isValid: Bool {
        if case .period(let period) = every {
            guard Self.periods.contains(period), (lateness + wait) / period <= Self.maximumLatenessTicks
            else { return false }
        }
        return lateness >= 0 && lateness <= Self.periods.upperBound
            && (0...Self.periods.upperBound).contains(wait)
            && (0...Self.periods.upperBound).contains(limit ?? 0)
            && season >= 0 && (0...(every == .event ? 0 : Self.maximumReviseLimit)).contains(reviseLimit)
            && windowLength >= (fill == .seasonal ? max(season, 1) : renewal == .rewarm ? 1 : 0)
            && (fill != .seasonal || season >= 1)
    }

    /// What a stream's window looks like in memory.
    ///
    /// Besides the ticks within reach, those filled on a straight line that leads there may be taken back.
    var windowLayout: WindowLayout { WindowLayout(length: windowLength, reach: 2 * reviseLimit) }

    /// Ticks whose observations are kept at once.
    var keptTicksLimit: Int { openTicksLimit + reviseLimit }

    /// Whether observations that are ticks wait for earlier ones.
    var reorders: Bool {
        if case .period = every { false } else { lateness > 0 }
    }

    /// Ticks that may be open at once: those that `lateness` and `wait` reach back, and the newest.
    var openTicksLimit: Int {
        switch every {
        case .event: 0
        case .auto: Int(Self.autoLatenessTicks) + 1
        case .period(let period): Int((lateness + wait + period - 1) / period) + 1
        }
    }

    /// `lateness` for a stream of that period, as long as the open ticks allow.
    func lateness(period: Int64) -> Int64 { Swift.min(lateness, Int64(openTicksLimit - 1) * period) }

    /// How long silence lasts before the next tick is closed, counted from its end.
    ///
    /// It is given one period more than its lateness: a sender that is a little late is not silent.
    func patience(period: Int64) -> Int64 { lateness(period: period) + wait + period }

    /// Ticks that a gap may have and still be filled.
    func limitTicks(period: Int64) -> Int64 {
        guard let limit else { return Self.defaultLimitTicks }
        return Swift.min(limit / period, Self.maximumLimitTicks)
    }
}
