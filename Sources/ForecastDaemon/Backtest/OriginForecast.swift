// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What the engine said at one row.
package struct OriginForecast: Sendable, Equatable {
    /// The row, whose value is the latest that the forecast knows.
    package var row = 0
    /// Its value, or what stands in for it.
    package var value = 0.0
    /// Forecasts, one per tick ahead; NaN where there is none.
    package var yhat: [Double] = []
    /// The margins of the intervals around them, as `ForecastEngine.margins` has them.
    package var margins: [Double] = []
    /// Ticks in the season that the forecast knows; 0 for none.
    package var season = 0
    /// What the model by itself says.
    package var frozen: [Double] = []
}

extension OriginForecast {
    /// Takes the two forecasts of a column, the adapted one first, of the engine's newest batch.
    mutating func take(_ engine: borrowing ForecastEngine, at adapted: Int) {
        precondition(
            engine.forecast(at: adapted).rule == 0 && engine.forecast(at: adapted + 1).rule == 1
                && engine.forecast(at: adapted).time == engine.forecast(at: adapted + 1).time,
            "both streams step together")
        let forecast = engine.forecast(at: adapted)
        row = Int(forecast.time.nanoseconds / forecast.period)
        value = forecast.value
        season = engine.season(of: forecast.slot)
        Self.copy(engine.yhat(at: adapted), to: &yhat)
        Self.copy(engine.margins(at: adapted), to: &margins)
        Self.copy(engine.yhat(at: adapted + 1), to: &frozen)
    }

    private static func copy(_ values: Span<Double>, to array: inout [Double]) {
        array.removeAll(keepingCapacity: true)
        for index in values.indices { array.append(values[index]) }
    }
}
