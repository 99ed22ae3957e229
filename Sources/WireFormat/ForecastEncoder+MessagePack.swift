// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Forecasts as MessagePack: the fields of the JSON object, with the same names and in the same order.
extension ForecastEncoder {
    /// The fields from `model` to `epoch`, and the name of `seq`.
    static func messagePackLabels(_ rule: RuleLabels, epoch: String) -> [UInt8] {
        let fields = [
            ("model", rule.model), ("revision", rule.revision), ("epoch", epoch),
        ]
        let length = fields.reduce(16) { $0 + 16 + $1.1.utf8.count }
        var buffer = ByteBuffer(capacity: length)
        for text in fields.flatMap({ [$0, $1] }) + ["seq"] {
            buffer.appendStringHead(length: text.utf8.count)
            buffer.append(Array(text.utf8))
        }
        return buffer.span.withUnsafeBytes { Array($0) }
    }

    /// Writes the map but for the score, which is its last field where there are intervals.
    mutating func encodeMessagePack(
        _ forecast: Forecast, stream: RawSpan, yhat: Span<Double>, margins: Span<Double>
    ) {
        let hasIntervals = !levels[forecast.rule].isEmpty
        buffer.appendMap(count: 12 + (hasIntervals ? 3 : 0) + (forecast.anomalyScore == nil ? 0 : 1))
        buffer.appendString("stream")
        buffer.appendString(stream)
        buffer.appendString("ts")
        appendMessagePack(forecast.time)
        buffer.appendString("every")
        let start = buffer.beginShortString()
        append(period: forecast.period)
        buffer.endShortString(at: start)
        buffer.append(labels[forecast.rule])
        buffer.appendInteger(forecast.sequence)
        buffer.appendString("status")
        switch forecast.status {
        case .warming: buffer.appendString("warming")
        case .ok: buffer.appendString("ok")
        case .reset: buffer.appendString("reset")
        case .stale: buffer.appendString("stale")
        case .anomalous: buffer.appendString("anomalous")
        }
        buffer.appendString("y")
        buffer.appendDouble(forecast.value)
        buffer.appendString("horizon")
        buffer.appendInteger(UInt64(yhat.count))
        buffer.appendString("yhat")
        buffer.appendArray(count: yhat.count)
        for index in yhat.indices {
            appendMessagePack(forecastValue: yhat[index], resolution: forecast.resolution)
        }
        if hasIntervals {
            buffer.appendString("yhat_lower")
            appendMessagePackBounds(of: forecast, yhat: yhat, margins: margins, side: 0)
            buffer.appendString("yhat_upper")
            appendMessagePackBounds(of: forecast, yhat: yhat, margins: margins, side: 1)
        }
        if let anomalyScore = forecast.anomalyScore {
            buffer.appendString("anomaly_score")
            buffer.appendFloat(Float(anomalyScore))
        }
        appendQuality(of: forecast)
    }

    private mutating func appendMessagePackBounds(
        of forecast: Forecast, yhat: Span<Double>, margins: Span<Double>, side: Int
    ) {
        buffer.appendMap(count: levels[forecast.rule].count)
        for level in levels[forecast.rule].indices {
            buffer.appendStringHead(length: levels[forecast.rule][level].count)
            buffer.append(levels[forecast.rule][level])
            buffer.appendArray(count: yhat.count)
            for index in yhat.indices {
                let margin = margins[(2 * level + side) * yhat.count + index]
                let bound = side == 0 ? yhat[index] - margin : yhat[index] + margin
                appendMessagePack(forecastValue: bound, resolution: forecast.resolution)
            }
        }
    }

    mutating func appendMessagePackScore(_ score: Span<Double>, rule: Int) {
        guard !levels[rule].isEmpty else { return }
        buffer.appendString("score")
        buffer.appendMap(count: 3)
        buffer.appendString("mae")
        buffer.appendFloat(Float(score[0]))
        buffer.appendString("skill")
        buffer.appendFloat(Float(score[1]))
        buffer.appendString("coverage")
        buffer.appendMap(count: levels[rule].count)
        for level in levels[rule].indices {
            buffer.appendStringHead(length: levels[rule][level].count)
            buffer.append(levels[rule][level])
            buffer.appendFloat(Float(score[2 + level]))
        }
    }

    private mutating func appendQuality(of forecast: Forecast) {
        buffer.appendString("quality")
        buffer.appendMap(
            count: 5 + (forecast.isRevised ? 1 : 0) + (forecast.missingInputs == nil ? 0 : 1)
                + (isDurable ? 0 : 1))
        buffer.appendString("warm")
        buffer.appendFloat(Float(forecast.warmth))
        buffer.appendString("imputed")
        buffer.appendBoolean(forecast.isImputed)
        buffer.appendString("age")
        buffer.appendFloat(Float(forecast.age))
        buffer.appendString("gap")
        buffer.appendInteger(UInt64(forecast.gap))
        buffer.appendString("reset")
        buffer.appendBoolean(forecast.isReset)
        if let missingInputs = forecast.missingInputs {
            buffer.appendString("inputs_missing")
            buffer.appendInteger(UInt64(missingInputs))
        }
        if forecast.isRevised {
            buffer.appendString("revised")
            buffer.appendBoolean(true)
        }
        guard !isDurable else { return }
        buffer.appendString("durable")
        buffer.appendBoolean(false)
    }

    /// A whole number of units is an integer, any other number of them a double.
    private mutating func appendMessagePack(_ time: Timestamp) {
        let unit: Int64
        switch times {
        case .rfc3339: return buffer.appendRFC3339String(time)
        case .s: unit = 1_000_000_000
        case .ms: unit = 1_000_000
        case .us: unit = 1000
        case .ns: unit = 1
        }
        let (whole, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: unit)
        if rest == 0 {
            buffer.appendInteger(whole)
        } else {
            buffer.appendDouble(Double(whole) + Double(rest) / Double(unit))
        }
    }

    private mutating func appendMessagePack(forecastValue value: Double, resolution: Double) {
        if let rounded = Self.single(value, resolution: resolution) {
            buffer.appendFloat(rounded)
        } else {
            buffer.appendDouble(value)
        }
    }
}
