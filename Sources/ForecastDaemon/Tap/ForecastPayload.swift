// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What is shown of a forecast's payload.
struct ForecastPayload: Decodable {
    struct Quality: Decodable {
        var warm: Double
        /// Absent in forecasts of earlier daemons.
        var imputed: Bool?
        /// Only in revised forecasts.
        var revised: Bool?
    }

    struct Score: Decodable {
        var skill: Double?
        var coverage: [String: Double?]
    }

    /// An interval around the forecast of the next tick.
    struct Interval {
        /// The share of values that it is to hold, as text and as a number.
        var level: String
        var share: Double
        /// Nil where they are not known yet.
        var lower, upper: Double?
    }

    var ts: TimeText
    var epoch: String
    var status: String
    var y: Double
    var yhat: [Double?]
    /// Only of adapted forecasts, as the score.
    var yhat_lower, yhat_upper: [String: [Double?]]?
    var quality: Quality
    var score: Score?

    /// The widest interval around the forecast of the next tick; nil where there are none.
    var widest: Interval? {
        let levels = (yhat_lower ?? [:]).keys.compactMap { key in Double(key).map { (key, $0) } }
        guard let (level, share) = levels.max(by: { $0.1 < $1.1 }) else { return nil }
        return Interval(
            level: level, share: share, lower: yhat_lower?[level]?.first ?? nil,
            upper: yhat_upper?[level]?.first ?? nil)
    }
}

/// A time as a publisher writes it: text, or a number.
struct TimeText: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else {
            text =
                try (try? container.decode(Int64.self).description)
                ?? container.decode(Double.self).description
        }
    }
}
