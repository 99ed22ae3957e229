// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A forecast with its values: `yhat` has one for each tick ahead, nil where the model gave none.
package struct ForecastReport: Codable, Sendable, Equatable {
    /// The stream's id.
    package var stream: String
    /// The tick that it was made at, UTC, RFC 3339.
    package var ts: String
    /// The value at that tick.
    package var y: Double
    /// `event`, or the stream's period, as `1s`.
    package var every: String
    /// `warming`, `ok`, `reset`, `stale` or `anomalous`.
    package var status: String
    /// Its number.
    package var seq: UInt64
    /// Ticks ahead.
    package var horizon: Int
    /// The forecast values.
    package var yhat: [Double?]
    /// The ends of the intervals, by level; left out where they are not known.
    package var yhatLower, yhatUpper: [String: [Double]]?

    enum CodingKeys: String, CodingKey {
        case stream, ts, y, every, status, seq, horizon, yhat
        case yhatLower = "yhat_lower"
        case yhatUpper = "yhat_upper"
    }

    /// Makes a report.
    package init(
        stream: String, ts: String, y: Double, every: String, status: String, seq: UInt64, yhat: [Double?],
        yhatLower: [String: [Double]]?, yhatUpper: [String: [Double]]?
    ) {
        (self.stream, self.ts, self.y, self.every, self.status) = (stream, ts, y, every, status)
        (self.seq, self.horizon, self.yhat) = (seq, yhat.count, yhat)
        (self.yhatLower, self.yhatUpper) = (yhatLower, yhatUpper)
    }
}

/// The near past of a stream: what came, and what was forecast.
package struct StreamHistory: Codable, Sendable, Equatable {
    /// A tick, with what was forecast on it for the next one; what is not known is left out.
    package struct Tick: Codable, Sendable, Equatable {
        /// Its time, UTC, RFC 3339.
        package var ts: String
        /// Its value.
        package var y: Double
        /// The forecast of the next tick.
        package var yhat: Double?
        /// That forecast's interval of the highest level.
        package var yhatLower, yhatUpper: Double?
        /// How unusual the value is.
        package var anomalyScore: Double?
        /// What is special: `imputed`, `reset`, `revised`, `anomalous`, `gap`; nil where nothing is.
        package var marks: [String]?

        enum CodingKeys: String, CodingKey {
            case ts, y, yhat, marks
            case yhatLower = "yhat_lower"
            case yhatUpper = "yhat_upper"
            case anomalyScore = "anomaly_score"
        }

        /// Makes a tick.
        package init(
            ts: String, y: Double, yhat: Double?, yhatLower: Double?, yhatUpper: Double?,
            anomalyScore: Double?,
            marks: [String]?
        ) {
            (self.ts, self.y, self.yhat) = (ts, y, yhat)
            (self.yhatLower, self.yhatUpper) = (yhatLower, yhatUpper)
            (self.anomalyScore, self.marks) = (anomalyScore, marks)
        }
    }

    /// The levels of the intervals, rising.
    package var levels: [Double]
    /// The newest ticks, oldest first.
    package var ticks: [Tick]
    /// What was forecast on the last of these ticks, oldest first, one value for each tick ahead.
    package var paths: [[Double?]]
    /// The newest forecast with its intervals.
    package var forecast: ForecastReport

    /// Makes a history.
    package init(levels: [Double], ticks: [Tick], paths: [[Double?]], forecast: ForecastReport) {
        (self.levels, self.ticks, self.paths, self.forecast) = (levels, ticks, paths, forecast)
    }
}

/// The newest values of several streams.
package struct RecentValues: Codable, Sendable, Equatable {
    /// By id: values, oldest first; streams that are not known are left out.
    package var streams: [String: [Double]]

    /// Makes a report.
    package init(streams: [String: [Double]]) { self.streams = streams }
}
