// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring

extension ScoreReport {
    /// Says with names how forecasts so many ticks ahead turned out, whose intervals had these levels.
    init(_ figures: ScoreFigures, horizon: Int, levels: [Double]) {
        self.init(
            horizon: horizon, missing: figures.missing, life: Period(figures.life, levels: levels),
            recent: Period(figures.recent, levels: levels))
    }
}

extension ScoreReport.Period {
    fileprivate init(_ period: ScoreFigures.Period, levels: [Double]) {
        func known(_ figure: Double) -> Double? { figure.isFinite ? figure : nil }
        func byLevel(_ figures: [Double]) -> [String: Double] {
            let known = zip(levels, figures).filter(\.1.isFinite)
            return Dictionary(uniqueKeysWithValues: known.map { ("\($0)", $1) })
        }
        self.init(
            weight: period.weight, mae: known(period.meanAbsoluteError),
            rmse: known(period.rootMeanSquareError), bias: known(period.bias),
            mase: known(period.meanAbsoluteScaledError), skill: known(period.skillAgainstPersistence),
            seasonSkill: known(period.skillAgainstSeason), coverage: byLevel(period.coverage),
            intervalScore: byLevel(period.intervalScore))
    }
}

extension StreamReport.Score {
    /// What forecasts say of the next tick; nil until something is known.
    init?(_ report: ScoreReport) {
        guard let mae = report.recent.mae else { return nil }
        self.init(mae: mae, skill: report.recent.skill, coverage: report.recent.coverage)
    }
}
