// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How unusual values are, for the streams of one rule: above 1 is anomalous.
///
/// The score is the greater of two. One is the residual of the forecast made one tick before, over what a small share of
/// residuals exceeds (`ResidualWatch`); the other how far the stream's level is outside of where it has been
/// (`LevelWatch`). The latter has no share of its own that could be counted, because levels come in long runs: the
/// distance that is an anomaly, 0.12 log(1 / share) times the envelope's width, was measured to hold it.
package struct AnomalyDetector: Sendable {
    package let policy: AnomalyPolicy
    /// What a new residual counts in the residuals' scale.
    let scaleWeight: Double
    /// How far beyond the residuals that are counted the threshold lies.
    let tailReach: Double
    /// What a new level counts in the envelope.
    let levelWeight: Double
    /// How many widths outside the envelope a level is anomalous.
    let levelReach: Double

    /// No score is greater.
    package static let maximumScore = 1000.0

    /// Makes the detector of a rule.
    package init(_ policy: AnomalyPolicy) {
        self.policy = policy
        let season = Double(policy.season)
        scaleWeight = RollingStatistics.weight(halfLife: max(200, season))
        tailReach = TailThreshold.reach(policy.falseAlarms)
        levelWeight = RollingStatistics.weight(halfLife: max(50, season / 8))
        levelReach = -0.12 * log(policy.falseAlarms)
    }

    /// Scores a value, and learns from it; NaN before enough is known.
    package func score(_ value: Double, _ state: inout AnomalyState) -> Double {
        var residualScore = Double.nan
        if state.isForecast {
            let residual = value - state.forecast
            let size = state.residuals.learn(residual, of: value, self)
            residualScore = counted(size, distance: residual)
        }
        let (distance, size) = state.level.learn(value, self)
        let levelScore = counted(size, distance: distance)
        guard state.residuals.isFinite && state.level.isFinite else {
            // Values that differ by more than a number can say: watching begins anew.
            (state.residuals, state.level) = (ResidualWatch(), LevelWatch())
            return .nan
        }
        guard residualScore.isFinite || levelScore.isFinite else { return .nan }
        return min(max(residualScore.isFinite ? residualScore : 0, levelScore), Self.maximumScore)
    }

    /// A size as a score: 0 on the side that does not count, or where it is too near.
    private func counted(_ size: Double, distance: Double) -> Double {
        guard size.isFinite else { return size }
        let isCounted =
            switch policy.direction {
            case .both: true
            case .above: size > 0
            case .below: size < 0
            }
        return isCounted && abs(distance) >= policy.minimumDeviation ? abs(size) : 0
    }
}

/// What is known of a stream whose anomalies are looked for; all bits zero before its first tick.
package struct AnomalyState: BitwiseCopyable {
    /// Whether the tick before forecast this one.
    package var isForecast = false
    /// What it said.
    package var forecast = 0.0
    var residuals = ResidualWatch()
    var level = LevelWatch()
    package var alarm = AlarmState()
    /// The newest score; NaN where none is known.
    var score = 0.0

    /// Nothing is known.
    package init() {}
}
