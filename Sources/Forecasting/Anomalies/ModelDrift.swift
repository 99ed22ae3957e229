// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether a model's own forecasts have become worse than they were on a stream, lastingly.
///
/// Over blocks of ticks (whole seasons, at least 100 ticks; 1000 without a season) the mean absolute error of the model's
/// forecast for the next tick is held against that of repeating the last value: r = log(error / that of persistence), which
/// neither the stream's unit nor how restless it is just now moves. A block is outside its band if r lies above the mean
/// of the blocks so far by four of their deviations and by log(1.25). Three blocks outside in a row begin a drift, three
/// inside end it. Blocks outside teach the band nothing, lest a drift becomes what is usual.
package struct ModelDrift: Sendable {
    package let blockLength: Int

    /// Blocks that a band is made of at least.
    static let settlingCount = 10
    /// Blocks in a row that begin a drift, and that end it.
    static let debounce = 3
    private static let deviations = 4.0
    private static let leastRise = log(1.25)

    /// Makes the watch of a rule.
    package init(season: Int) { blockLength = season > 0 ? (99 / season + 1) * season : 1000 }

    /// Takes in the residual of a model's forecast for a value, and that of the value before.
    ///
    /// - Returns: Whether a drift begins (true) or ends (false); nil if neither.
    package func learn(_ residual: Double, persistence: Double, _ state: inout DriftState) -> Bool? {
        state.ticks += 1
        state.error += abs(residual)
        state.persistenceError += abs(persistence)
        guard state.ticks == blockLength else { return nil }
        let ratio = log(state.error / state.persistenceError)
        (state.ticks, state.error, state.persistenceError) = (0, 0, 0)
        // Nothing is known of a model where nothing moved, or where it erred beyond all numbers.
        guard ratio.isFinite else { return nil }
        state.ratio = ratio
        return close(&state)
    }

    /// Judges a block and learns from it.
    private func close(_ state: inout DriftState) -> Bool? {
        let isOutside = edge(of: state).map { state.ratio > $0 } ?? false
        state.run = isOutside == state.isDrifting ? 0 : state.run + 1
        let isChange = state.run == Self.debounce
        if isChange {
            state.isDrifting.toggle()
            state.run = 0
        }
        if !isOutside && !state.isDrifting {
            state.blocks += 1
            let difference = state.ratio - state.mean
            state.mean += difference / Double(state.blocks)
            state.squares += difference * (state.ratio - state.mean)
        }
        return isChange ? state.isDrifting : nil
    }

    /// The upper end of the band; nil before it is known.
    package func edge(of state: DriftState) -> Double? {
        guard state.blocks >= Self.settlingCount else { return nil }
        let deviation = (state.squares / Double(state.blocks)).squareRoot()
        return state.mean + max(Self.deviations * deviation, Self.leastRise)
    }
}

/// How a model's own forecasts have turned out on a stream; all bits zero before its first tick.
package struct DriftState: BitwiseCopyable {
    /// Whether the tick before forecast this one.
    var isForecast = false
    /// What the model said of it, and the value then.
    var forecast = 0.0
    var value = 0.0
    /// Sums over the block.
    var ticks = 0
    var error = 0.0
    var persistenceError = 0.0
    /// Blocks in the band, their mean, the sum of the squares of what they differ from it by.
    var blocks = 0
    var mean = 0.0
    var squares = 0.0
    /// The newest block.
    package var ratio = 0.0
    /// Blocks in a row that speak for the other state.
    var run = 0
    package var isDrifting = false

    /// Nothing is known.
    package init() {}

    /// Whether there was a block; the first ones are all in the band.
    var hasRatio: Bool { blocks > 0 }
}
