// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// What names a rule's model in its forecasts.
public struct RuleLabels: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// Names the weights.
    public var revision: String
    /// The shares of values that the rule's intervals are to hold; none without intervals.
    public var levels: [Double]

    /// Makes labels.
    public init(model: String, revision: String, levels: [Double] = []) {
        self.model = model
        self.revision = revision
        self.levels = levels
    }
}

/// Writes forecasts as JSON or MessagePack into one reused buffer.
///
/// `Documentation/WireFormat.md` has the fields.
public struct ForecastEncoder: ~Copyable {
    var buffer: ByteBuffer
    let times: TimeFormat
    /// Per rule: the fields from `model` to `epoch`, which never change.
    let labels: [[UInt8]]
    /// Per rule: the levels of its intervals as text.
    let levels: [[[UInt8]]]
    private let format: ForecastFormat
    /// Whether what the next forecasts rest on will outlast the end of the process, where state is kept at all.
    public var isDurable = true

    /// Makes an encoder.
    ///
    /// - Parameters:
    ///   - epoch: This life of the publisher.
    ///   - rules: Labels by `Forecast.rule`.
    ///   - format: What a forecast is written as.
    ///   - times: How times are written.
    ///   - maximumHorizon: The most values of a forecast.
    public init(
        epoch: UInt64, rules: [RuleLabels], format: ForecastFormat = .json, times: TimeFormat,
        maximumHorizon: Int
    ) {
        self.format = format
        self.times = times
        let digits = String(epoch, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.count) + digits
        switch format {
        case .json: labels = rules.map { Array((Self.labels($0) + padded + "\",\"seq\":").utf8) }
        case .messagePack: labels = rules.map { Self.messagePackLabels($0, epoch: padded) }
        }
        levels = rules.map { $0.levels.map { Array("\($0)".utf8) } }
        buffer = ByteBuffer(capacity: Self.maximumLength(rules: rules, maximumHorizon: maximumHorizon))
    }

    /// No forecast of these rules is written in more bytes.
    public static func maximumLength(rules: [RuleLabels], maximumHorizon: Int) -> Int {
        let longestLabels = rules.map { labels($0).utf8.count }.max() ?? 0
        let levelCount = rules.map(\.levels.count).max() ?? 0
        let numberLength = ByteBuffer.maximumNumberLength + 1
        return 560 + StreamIdentifier.maximumLength + longestLabels
            + (1 + 2 * levelCount) * (maximumHorizon + 8) * numberLength + (4 + 2 * levelCount) * numberLength
    }

    private static func labels(_ rule: RuleLabels) -> String {
        ",\"model\":" + quoted(rule.model) + ",\"revision\":" + quoted(rule.revision)
            + ",\"epoch\":\""
    }

    /// Writes a forecast over the last one.
    ///
    /// - Parameters:
    ///   - forecast: The forecast's head.
    ///   - stream: The stream's id, valid.
    ///   - yhat: The forecast values; those that are not finite become `null`.
    ///   - margins: For rules whose labels have levels, the margins of the intervals around them, as
    ///     `ForecastEngine.margins` has them.
    ///   - score: For such rules, how the stream was forecast of late, as `ForecastEngine.recentScore` has it.
    public mutating func encode(
        _ forecast: Forecast, stream: RawSpan, yhat: Span<Double>, margins: Span<Double> = Span(),
        score: Span<Double> = Span()
    ) {
        let levelCount = levels[forecast.rule].count
        precondition(
            margins.count >= 2 * levelCount * yhat.count
                && (levelCount == 0 || score.count == 2 + levelCount),
            "two margins for each level and value, and two figures and one per level of a score")
        buffer.removeAll()
        switch format {
        case .json:
            encodeJSON(forecast, stream: stream, yhat: yhat, margins: margins)
            appendScore(score, rule: forecast.rule)
            buffer.append("}")
        case .messagePack:
            encodeMessagePack(forecast, stream: stream, yhat: yhat, margins: margins)
            appendMessagePackScore(score, rule: forecast.rule)
        }
    }

    /// Writes the object but for its score and its end.
    private mutating func encodeJSON(
        _ forecast: Forecast, stream: RawSpan, yhat: Span<Double>, margins: Span<Double>
    ) {
        buffer.append("{\"stream\":\"")
        buffer.append(stream)
        buffer.append("\",\"ts\":")
        append(forecast.time)
        buffer.append(",\"every\":\"")
        append(period: forecast.period)
        buffer.append("\"")
        buffer.append(labels[forecast.rule])
        buffer.append(forecast.sequence)
        buffer.append(",\"status\":\"")
        switch forecast.status {
        case .warming: buffer.append("warming")
        case .ok: buffer.append("ok")
        case .reset: buffer.append("reset")
        case .stale: buffer.append("stale")
        case .anomalous: buffer.append("anomalous")
        }
        buffer.append("\",\"y\":")
        buffer.append(forecast.value)
        buffer.append(",\"horizon\":")
        buffer.append(UInt64(yhat.count))
        buffer.append(",\"yhat\":[")
        for index in yhat.indices {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            append(forecastValue: yhat[index], resolution: forecast.resolution)
        }
        buffer.append("]")
        if !levels[forecast.rule].isEmpty {
            buffer.append(",\"yhat_lower\":{")
            appendBounds(of: forecast, yhat: yhat, margins: margins, side: 0)
            buffer.append("},\"yhat_upper\":{")
            appendBounds(of: forecast, yhat: yhat, margins: margins, side: 1)
            buffer.append("}")
        }
        if let anomalyScore = forecast.anomalyScore {
            buffer.append(",\"anomaly_score\":")
            append(share: anomalyScore)
        }
        buffer.append(",\"quality\":{\"warm\":")
        buffer.append(Float(forecast.warmth))
        buffer.append(forecast.isImputed ? ",\"imputed\":true" : ",\"imputed\":false")
        buffer.append(",\"age\":")
        buffer.append(Float(forecast.age))
        buffer.append(",\"gap\":")
        buffer.append(UInt64(forecast.gap))
        buffer.append(forecast.isReset ? ",\"reset\":true" : ",\"reset\":false")
        if let missingInputs = forecast.missingInputs {
            buffer.append(",\"inputs_missing\":")
            buffer.append(UInt64(missingInputs))
        }
        if forecast.isRevised { buffer.append(",\"revised\":true") }
        buffer.append(isDurable ? "}" : ",\"durable\":false}")
    }

    /// Writes the score of a rule that has intervals.
    private mutating func appendScore(_ score: Span<Double>, rule: Int) {
        guard !levels[rule].isEmpty else { return }
        buffer.append(",\"score\":{\"mae\":")
        buffer.append(Float(score[0]))
        buffer.append(",\"skill\":")
        append(share: score[1])
        buffer.append(",\"coverage\":{")
        for level in levels[rule].indices {
            buffer.append(level > 0 ? ",\"" : "\"")
            buffer.append(levels[rule][level])
            buffer.append("\":")
            append(share: score[2 + level])
        }
        buffer.append("}}")
    }

    /// Writes the lower (0) or the upper ends (1) of all intervals, by level.
    private mutating func appendBounds(
        of forecast: Forecast, yhat: Span<Double>, margins: Span<Double>, side: Int
    ) {
        for level in levels[forecast.rule].indices {
            buffer.append(level > 0 ? ",\"" : "\"")
            buffer.append(levels[forecast.rule][level])
            buffer.append("\":[")
            for index in yhat.indices {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                let margin = margins[(2 * level + side) * yhat.count + index]
                let bound = side == 0 ? yhat[index] - margin : yhat[index] + margin
                append(forecastValue: bound, resolution: forecast.resolution)
            }
            buffer.append("]")
        }
    }

    /// The forecast that was written last.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { buffer.span }
    }

    private mutating func append(_ time: Timestamp) {
        switch times {
        case .rfc3339:
            buffer.append(UInt8(ascii: "\""))
            buffer.appendRFC3339(time)
            buffer.append(UInt8(ascii: "\""))
        case .s: buffer.append(time.nanoseconds, decimals: 9)
        case .ms: buffer.append(time.nanoseconds, decimals: 6)
        case .us: buffer.append(time.nanoseconds, decimals: 3)
        case .ns: buffer.append(time.nanoseconds, decimals: 0)
        }
    }

    /// Writes a period as the configuration has it, in the largest unit that gives a whole number.
    mutating func append(period: Int64) {
        let milliseconds = UInt64(period / 1_000_000)
        switch milliseconds {
        case 0: buffer.append("event")
        case _ where milliseconds % 86_400_000 == 0: append(milliseconds / 86_400_000, unit: "d")
        case _ where milliseconds % 3_600_000 == 0: append(milliseconds / 3_600_000, unit: "h")
        case _ where milliseconds % 60_000 == 0: append(milliseconds / 60_000, unit: "m")
        case _ where milliseconds % 1000 == 0: append(milliseconds / 1000, unit: "s")
        default: append(milliseconds, unit: "ms")
        }
    }

    private mutating func append(_ count: UInt64, unit: StaticString) {
        buffer.append(count)
        buffer.append(unit)
    }

    /// The model computes in single precision, so that more digits would be noise, unless it is added to a large value.
    private mutating func append(forecastValue value: Double, resolution: Double) {
        if let rounded = Self.single(value, resolution: resolution) {
            buffer.append(rounded)
        } else {
            buffer.append(value)
        }
    }

    /// The forecast value in single precision; nil where that would lose digits that mean something.
    static func single(_ value: Double, resolution: Double) -> Float? {
        let rounded = Float(value)
        let isEnough = rounded.isFinite && abs(Double(rounded) - value) <= resolution
        return isEnough || !value.isFinite ? rounded : nil
    }

    /// Writes a share or a score to four decimals: of some hundreds of forecasts, more would say nothing.
    private mutating func append(share: Double) {
        let count = (share * 1e4).rounded()
        guard count.magnitude < 1e15 else { return buffer.append(Float(share)) }
        buffer.append(Int64(count), decimals: 4)
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
