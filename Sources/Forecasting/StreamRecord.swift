// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the engine knows of one stream besides the model's state.
struct StreamRecord {
    /// Index of the stream's rule.
    let rule: Int
    /// The newest observation that was accepted.
    var newest: Observation
    /// Ticks since the stream began or was last reset.
    var ticks: UInt64 = 0
    /// Forecasts made so far.
    var sequence: UInt64 = 0
    /// Mean and variance for the rolling scale.
    var statistics = RollingStatistics()
    /// The turn that `waves` belongs to.
    var turn: UInt64 = 0
    /// Observations accepted in that turn.
    var waves = 0
}
