// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// Writes forecasts of one and of 24 values ahead as JSON and as MessagePack, times in seconds.
func measureEncoding(milliseconds: Double) {
    for horizon in [1, 24] {
        measureEncoding(.json, horizon: horizon, name: "encode", milliseconds: milliseconds)
        measureEncoding(.messagePack, horizon: horizon, name: "encode-msgpack", milliseconds: milliseconds)
    }
}

private func measureEncoding(
    _ format: ForecastFormat, horizon: Int, name: String, milliseconds: Double
) {
    let identifier = Samples { "s\(10_000 + $0)" }
    let yhat = (0..<Samples.count + horizon).map(Samples.forecast)
    var encoder = ForecastEncoder(
        epoch: 1, rules: [RuleLabels(model: "pump", revision: "0123456789ab")], format: format,
        times: .s, maximumHorizon: horizon)
    measure("\(name)-horizon-\(horizon)", milliseconds: milliseconds) { index in
        let forecast = Forecast(
            slot: 0, rule: 0,
            time: Timestamp(nanoseconds: 1_700_000_000_123_456_000 + Int64(index) * 1_000_003_000),
            value: Samples.value(index), status: .ok, warmth: 1, sequence: UInt64(index) &* 977,
            age: 0.000_2)
        identifier.read(index) { identifier in
            encoder.encode(
                forecast, stream: identifier.bytes, yhat: yhat.span.extracting(index..<index + horizon))
        }
    }
}
