// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels

/// A forecast of the engine, copied out of it.
struct PublishedForecast: Equatable {
    var stream: String
    var head: Forecast
    var yhat: [Double]

    /// Equal to the bit, NaN included.
    ///
    /// `slot`, `age` and what tells of the time line may differ.
    func isSame(as other: PublishedForecast) -> Bool {
        stream == other.stream && head.time == other.head.time && head.value == other.head.value
            && head.status == other.head.status && head.sequence == other.head.sequence
            && head.warmth == other.head.warmth
            && yhat.map(\.bitPattern) == other.yhat.map(\.bitPattern)
    }
}

extension ForecastEngine {
    /// Runs the turn's steps and copies all forecasts out.
    mutating func takeForecasts(at now: Timestamp) -> [PublishedForecast] {
        var published: [PublishedForecast] = []
        while advance(at: now) {
            for index in 0..<forecastCount {
                let head = forecast(at: index)
                let name = identifier(of: head.slot).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                let values = yhat(at: index)
                published.append(
                    PublishedForecast(stream: name, head: head, yhat: values.indices.map { values[$0] }))
            }
        }
        return published
    }

    mutating func accept(_ stream: String, _ value: Double, seconds: Int64, now: Int64? = nil) -> Refusal? {
        let time = Timestamp(nanoseconds: seconds * 1_000_000_000)
        return accept(
            Observation(time: time, value: value), of: stream.utf8.span.bytes,
            at: now.map { Timestamp(nanoseconds: $0 * 1_000_000_000) } ?? time)
    }
}

/// A plan with one model and one rule for every stream.
func makePlan(
    _ weights: RecurrentWeights, mode: ForecastPlan.Model.Mode = .stateful,
    target: ForecastPlan.Model.Target = .value, scaling: Scaling = .none, horizon: Int = 1,
    warmup: Int = 0, maximumSkew: Int64 = 60_000_000_000, streamsLimit: Int = 100, batchLimit: Int = 16,
    match: String = "*"
) throws -> ForecastPlan {
    var time = TimePolicy()
    if scaling == .window { time.windowLength = 12 }
    return ForecastPlan(
        models: [
            ForecastPlan.Model(
                name: "model", revision: "r", packed: PackedModel(weights), mode: mode, target: target)
        ],
        rules: [
            ForecastPlan.Rule(
                match: try Glob(match), model: 0, scaling: scaling, horizon: horizon, warmup: warmup,
                maximumSkew: maximumSkew, time: time)
        ], streamsLimit: streamsLimit, batchLimit: batchLimit)
}
