// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What the newest batch came to, to be read until the next `advance`.
extension ForecastEngine {
    /// Forecasts of the newest batch.
    public var forecastCount: Int { forecasts.count }

    /// The `index`-th forecast of the newest batch, without its values.
    public func forecast(at index: Int) -> Forecast { forecasts[index] }

    /// The values of the `index`-th forecast of the newest batch, one per tick ahead, in the stream's unit.
    ///
    /// NaN where there is none, because the model gave nothing finite.
    @_lifetime(borrow self)
    public func yhat(at index: Int) -> Span<Double> {
        let horizon = plan.rules[forecasts[index].rule].horizon
        let start = index * maximumHorizon
        return yhat.span.extracting(start..<start + horizon)
    }

    /// The margins of the intervals around the values of the `index`-th forecast: for each level `horizon` distances
    /// down to the lower ends, then as many up to the upper ends.
    ///
    /// NaN where none is known yet; none for a rule without adaptation.
    @_lifetime(borrow self)
    public func margins(at index: Int) -> Span<Double> {
        let rule = plan.rules[forecasts[index].rule]
        let start = index * 2 * maximumLevelCount * maximumHorizon
        let count = 2 * (rule.adaptation?.levels.count ?? 0) * rule.horizon
        return margins.span.extracting(start..<start + count)
    }

    /// How the stream of the `index`-th forecast was forecast one tick ahead of late: the mean absolute error, in the
    /// stream's unit, the skill against persistence, and the share of values that intervals held, level by level.
    ///
    /// NaN where nothing is known yet; empty for a rule without adaptation.
    @_lifetime(borrow self)
    public func recentScore(at index: Int) -> Span<Double> {
        let levels = plan.rules[forecasts[index].rule].adaptation?.levels
        let start = index * maximumScoreLength
        return scores.span.extracting(start..<start + (levels.map { 2 + $0.count } ?? 0))
    }

    /// The id of the stream in `slot`.
    @_lifetime(borrow self)
    public func identifier(of slot: UInt32) -> RawSpan { streams.identifier(of: slot) }
}
