// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the engine knows of one stream besides the model's state.
struct StreamRecord: BitwiseCopyable {
    /// Index of the stream's rule; -1 for a stream that is but a member of others, and where there is none.
    var rule: Int
    /// The stream's time line.
    var resampler: Resampler
    /// Ticks since the stream began or was last reset.
    var ticks: UInt64 = 0
    /// Forecasts made so far.
    var sequence: UInt64 = 0
    /// Mean and variance for a scale by the stream itself.
    var statistics = RollingStatistics()
    /// The turn that `waves` belongs to.
    var turn: UInt64 = 0
    /// Ticks that wait or waited in that turn.
    var waves = 0
    /// The clock's time when the newest observation came, whatever became of it.
    var came = Timestamp(nanoseconds: 0)
    /// Its number among those of all streams: the least is that of the least recently used stream.
    var use: Int64 = 0
    /// Observations taken in before the period is known.
    var learnedFrom = 0
    /// What the newest forecast says of the next tick; NaN before the first.
    var nextValue = Double.nan
    /// The same before it was adapted.
    var modelValue = Double.nan

    /// Knows nothing yet of a stream.
    init(rule: Int) {
        self.rule = rule
        let never = Observation(time: Timestamp(nanoseconds: 0), value: 0)
        resampler = Resampler(first: never, at: never.time)
    }
}
