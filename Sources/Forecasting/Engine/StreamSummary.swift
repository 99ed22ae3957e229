// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What an engine knows of one stream between two turns.
public struct StreamSummary: Sendable, Equatable {
    /// The index of the rule that the stream follows, in the plan's order.
    public var rule: Int
    /// How far the stream's state can be trusted; `reset` is said by forecasts only.
    public var status: Forecast.Status
    /// Ticks so far over the ticks that warming takes, 0 to 1.
    public var warmth: Double
    /// Ticks since the stream began or was last reset.
    public var ticks: UInt64
    /// Forecasts made so far.
    public var sequence: UInt64
    /// Nanoseconds between the stream's ticks; 0 while each observation is a tick.
    public var period: Int64
    /// The newest tick that had observations and is closed; nil before the first.
    public var tick: Observation?
    /// The observation with the latest time.
    public var newest: Observation
    /// Ticks that were filled since then.
    public var gap: Int64
    /// What the newest forecast says of the next tick; nil if it says nothing.
    public var next: Double?
    /// The map between the stream's values and its model's; nil for a rule that does not scale.
    public var scale: Scale?
    /// What the stream's rolling window says; nil if its rule keeps none, or nothing in it was observed.
    public var window: Window?
    /// Observations of the stream that were not taken, by `Refusal.rawValue`.
    public var refused: [UInt64]
    /// Ticks in the stream's season, that its rule gives or that was learned; 0 where none is known, and without adaptation.
    public var season: Int
    /// How forecasts turned out, from one tick ahead on, as far as was asked for; empty without adaptation.
    public var scores: [ScoreFigures]
    /// How unusual the newest value is; nil if its rule looks for no anomalies.
    public var anomaly: Anomaly?
    /// How the model's own forecasts turn out; nil before their first block of ticks.
    public var drift: Drift?

    /// What the observed values in a window come to.
    public struct Window: Sendable, Equatable {
        /// Count, mean, deviation, extremes.
        public var statistics: WindowStatistics
        /// The values that `StreamSummary.shares` of those in the window lie below.
        public var quantiles: [Double]
    }

    /// The quantiles that are told.
    public static let shares = [0.05, 0.5, 0.95]
}

extension ForecastEngine {
    /// The slot of a stream; nil if it is not known.
    public func slot(of identifier: RawSpan) -> UInt32? { streams.slot(of: identifier) }

    /// What is known of the stream in `slot`, which is below `streamCount`.
    ///
    /// - Parameter horizons: Ticks ahead, from the next on, whose scores are told.
    public func summary(of slot: UInt32, horizons: Int = 1) -> StreamSummary {
        let record = records[Int(slot)]
        let line = record.resampler
        return StreamSummary(
            rule: record.rule, status: status(of: slot), warmth: warmth(of: slot),
            ticks: record.ticks, sequence: record.sequence, period: line.period, tick: line.newestTick,
            newest: line.newest, gap: line.isOnGrid && line.hasKnown ? line.last - line.known : 0,
            next: record.nextValue.isFinite && !line.isStale ? record.nextValue : nil,
            scale: scale(of: record), window: windowSummary(of: slot),
            refused: Refusal.allCases.map { refusals(of: slot, for: $0) },
            season: season(of: slot),
            scores: (0..<min(horizons, plan.rules[record.rule].horizon)).compactMap {
                scores(of: slot, horizon: $0 + 1)
            }, anomaly: anomaly(of: slot), drift: drift(of: slot))
    }

    /// How far the state of the stream in `slot`, which is forecast here, can be trusted.
    public func status(of slot: UInt32) -> Forecast.Status {
        let record = records[Int(slot)]
        if watches.isAlarmOn(Int(slot), rule: record.rule) { return .anomalous }
        return record.resampler.isStale ? .stale : warmth(of: slot) < 1 ? .warming : .ok
    }

    private func windowSummary(of slot: UInt32) -> StreamSummary.Window? {
        windowStatistics(of: slot).map { statistics in
            StreamSummary.Window(
                statistics: statistics,
                quantiles: StreamSummary.shares.compactMap { windowQuantile($0, of: slot) })
        }
    }

    private func scale(of record: StreamRecord) -> Scale? {
        switch plan.rules[record.rule].scaling {
        case .none: nil
        case .fixed(let mean, let deviation): Scale(mean: mean, deviation: deviation, limit: .infinity)
        case .rolling, .window: record.statistics.count > 0 ? record.statistics.scale : nil
        }
    }
}

extension Resampler {
    /// The newest tick that had observations and was made.
    fileprivate var newestTick: Observation? {
        guard isOnGrid else { return newest }
        return hasKnown ? Observation(time: grid.start(of: known), value: knownValue) : nil
    }
}
