// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// Writes forecasts of one and of 24 values ahead as JSON and as MessagePack, times in seconds: those of a model as they
/// are, and adapted ones, with intervals for two levels and a score.
func measureEncoding(milliseconds: Double) {
    for (name, levels) in [("encode", []), ("encode-adapted", [0.8, 0.95])] {
        for horizon in [1, 24] {
            for (format, infix) in [(ForecastFormat.json, ""), (.messagePack, "-msgpack")] {
                measureEncoding(
                    format, levels: levels, horizon: horizon, name: "\(name)\(infix)-horizon-\(horizon)",
                    milliseconds: milliseconds)
            }
        }
    }
}

private func measureEncoding(
    _ format: ForecastFormat, levels: [Double], horizon: Int, name: String, milliseconds: Double
) {
    let identifier = Samples { "s\(10_000 + $0)" }
    let yhat = (0..<Samples.count + horizon).map(Samples.forecast)
    var encoder = ForecastEncoder(
        epoch: 1, rules: [RuleLabels(model: "pump", revision: "0123456789ab", levels: levels)],
        format: format, times: .s, maximumHorizon: horizon)
    let margins = (0..<Samples.count + 2 * levels.count * horizon).map { Samples.forecast($0) / 16 }
    // Shares with all the digits of a double.
    let score = (0..<Samples.count + 2 + levels.count).map { Samples.forecast($0) / 27 }
    measure(name, milliseconds: milliseconds) { index in
        let forecast = Forecast(
            slot: 0, rule: 0,
            time: Timestamp(nanoseconds: 1_700_000_000_123_456_000 + Int64(index) * 1_000_003_000),
            value: Samples.value(index), status: .ok, warmth: 1, sequence: UInt64(index) &* 977,
            age: 0.000_2)
        identifier.read(index) { identifier in
            encoder.encode(
                forecast, stream: identifier.bytes, yhat: yhat.span.extracting(index..<index + horizon),
                margins: margins.span.extracting(index..<index + 2 * levels.count * horizon),
                score: score.span.extracting(index..<index + 2 + levels.count))
        }
    }
}
