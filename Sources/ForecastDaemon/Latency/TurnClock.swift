// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Measures one thread's turns: a look at the clock where a stage ends, none per message.
package struct TurnClock {
    /// What was measured so far.
    package private(set) var latencies = TurnLatencies()
    private var begin: UInt64
    /// When the last stage ended.
    private var mark: UInt64
    /// Nanoseconds that each stage took in this turn.
    private var (receive, step, publish): (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// Whether a batch was stepped or forecasts were published in this turn.
    private var hasWorked = false

    /// Begins a turn now.
    package init() {
        begin = MonotonicClock.nanoseconds()
        mark = begin
    }

    /// A turn begins, after the sleep.
    package mutating func beginTurn() {
        begin = MonotonicClock.nanoseconds()
        mark = begin
        (receive, step, publish) = (0, 0, 0)
        hasWorked = false
    }

    /// All since the last stage ended was `stage`.
    package mutating func end(_ stage: TurnLatencies.Stage) {
        let now = MonotonicClock.nanoseconds()
        let elapsed = now - mark
        mark = now
        switch stage {
        case .receive: receive += elapsed
        case .step: step += elapsed
        case .publish: publish += elapsed
        }
        if stage != .receive { hasWorked = true }
    }

    /// As `end(.publish)`, of so many forecasts whose values were taken in by this turn.
    package mutating func endPublishing(_ forecasts: Int) {
        end(.publish)
        if forecasts > 0 { latencies.forecasts.record(mark - begin, times: UInt64(forecasts)) }
    }

    /// A turn ends that took in `received` of at most `limit` messages.
    package mutating func endTurn(received: Int, limit: Int) {
        guard received > 0 || hasWorked else { return }
        latencies.turns.record(MonotonicClock.nanoseconds() - begin)
        if received >= limit { latencies.fullTurns += 1 }
        if received > 0 { latencies.stages[0].record(receive) }
        guard hasWorked else { return }
        if step > 0 { latencies.stages[1].record(step) }
        latencies.stages[2].record(publish)
    }
}
