// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What an engine counts besides its streams, as it is saved.
struct EngineCounts: BitwiseCopyable {
    var turn: UInt64
    var resets: UInt64
    var forecastStreams: Int
    var members: Int
    var time: TimeCounts
    var watch: WatchCounts
    var lifecycle: LifecycleCounts
}

extension ForecastEngine {
    /// What the engine has counted.
    var counts: EngineCounts {
        get {
            EngineCounts(
                turn: turn, resets: resetCount, forecastStreams: forecastStreamCount, members: memberCount,
                time: timeCounts, watch: watches.counts, lifecycle: lifecycleCounts)
        }
        set {
            (turn, resetCount) = (newValue.turn, newValue.resets)
            (forecastStreamCount, memberCount) = (newValue.forecastStreams, newValue.members)
            (timeCounts, watches.counts) = (newValue.time, newValue.watch)
            lifecycleCounts = newValue.lifecycle
        }
    }
}
