// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How long turns and their stages took so far.
///
/// Only turns that had something to do count. Where several threads work, each has turns of its own.
package struct TurnLatencies: Sendable, Equatable {
    /// What a turn is made of.
    package enum Stage: String, Sendable, CaseIterable {
        /// Messages are received, decoded, routed to streams and made ticks of.
        case receive
        /// Streams are taken a tick further, and forecasts read out.
        case step
        /// Forecasts are written as messages and handed over.
        case publish
    }

    /// By `Stage`, in the order of its cases: how much of a turn the stage took.
    package var stages = Stage.allCases.map { _ in LatencyHistogram() }
    /// Whole turns.
    package var turns = LatencyHistogram()
    /// Each forecast's time from the begin of the turn that took in its value until it was handed over.
    package var forecasts = LatencyHistogram()
    /// Turns that took in as much as a turn may, so that more may have been waiting.
    package var fullTurns: UInt64 = 0

    /// Begins without turns.
    package init() {}

    /// What was measured after `earlier`, the same account at another time.
    package func since(_ earlier: TurnLatencies) -> TurnLatencies {
        var difference = self
        for stage in stages.indices { difference.stages[stage] = stages[stage].since(earlier.stages[stage]) }
        difference.turns = turns.since(earlier.turns)
        difference.forecasts = forecasts.since(earlier.forecasts)
        difference.fullTurns -= earlier.fullTurns
        return difference
    }

    /// Adds what another thread measured.
    package mutating func add(_ other: TurnLatencies) {
        for stage in stages.indices { stages[stage].add(other.stages[stage]) }
        turns.add(other.turns)
        forecasts.add(other.forecasts)
        fullTurns += other.fullTurns
    }
}
