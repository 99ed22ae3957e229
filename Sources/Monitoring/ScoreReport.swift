// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How forecasts so many ticks ahead turned out; figures that are not known are left out.
package struct ScoreReport: Codable, Sendable, Equatable {
    /// The figures of a stretch of time.
    package struct Period: Codable, Sendable, Equatable {
        /// Forecasts that count, by their weight.
        package var weight: Double
        /// Mean absolute error, root mean square error, mean of forecast - truth.
        package var mae, rmse, bias: Double?
        /// The mean absolute error over that of repeating the last value for one tick, since the beginning.
        package var mase: Double?
        /// 1 - error / error of repeating the last value, and the value one season before.
        package var skill, seasonSkill: Double?
        /// By level: the share of values that intervals held, and the mean interval score.
        package var coverage, intervalScore: [String: Double]

        /// Makes figures.
        package init(
            weight: Double, mae: Double?, rmse: Double?, bias: Double?, mase: Double?, skill: Double?,
            seasonSkill: Double?, coverage: [String: Double], intervalScore: [String: Double]
        ) {
            self.weight = weight
            (self.mae, self.rmse, self.bias, self.mase) = (mae, rmse, bias, mase)
            (self.skill, self.seasonSkill) = (skill, seasonSkill)
            (self.coverage, self.intervalScore) = (coverage, intervalScore)
        }

        enum CodingKeys: String, CodingKey {
            case weight, mae, rmse, bias, mase, skill, coverage
            case seasonSkill = "season_skill"
            case intervalScore = "interval_score"
        }
    }

    /// Ticks ahead.
    package var horizon: Int
    /// Values that no forecast had been made for.
    package var missing: UInt64
    /// Since the beginning.
    package var life: Period
    /// Of late: what came a day ago counts half.
    package var recent: Period

    /// Makes a report.
    package init(horizon: Int, missing: UInt64, life: Period, recent: Period) {
        self.horizon = horizon
        self.missing = missing
        self.life = life
        self.recent = recent
    }
}

/// How the forecasts of the next tick of all streams of a rule turned out together, errors in units of each stream.
package struct RuleScoreReport: Codable, Sendable, Equatable {
    /// The rule.
    package var rule: StreamReport.Rule
    /// Streams that have come.
    package var streams: Int
    /// The figures.
    package var score: ScoreReport

    /// Makes a report.
    package init(rule: StreamReport.Rule, streams: Int, score: ScoreReport) {
        self.rule = rule
        self.streams = streams
        self.score = score
    }
}
