// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How forecasts turned out, for one horizon: sums over the stream's life, and sums that fade.
///
/// Errors are in the stream's unit. One value costs the same however many came before.
package struct ForecastScore {
    /// Shares of values that intervals are to hold, rising.
    let levels: [Double]
    /// What a value counts with each tick after it, in the sums that fade.
    let fading: Double

    /// Makes an account.
    package init(levels: [Double], fading: Double) {
        self.levels = levels
        self.fading = fading
    }

    /// What one forecast came to.
    package struct Outcome {
        /// The forecast minus the truth.
        package var error: Double
        /// The same of persistence, and of the value one season before.
        package var persistenceError: Double
        package var seasonalError: Double

        /// Makes an outcome.
        package init(error: Double, persistenceError: Double, seasonalError: Double) {
            self.error = error
            self.persistenceError = persistenceError
            self.seasonalError = seasonalError
        }
    }

    /// Sums: weight, |error|, error², error, |persistence|, |seasonal|, then per level hits and interval scores.
    private var width: Int { 6 + 2 * levels.count }
    /// Doubles of memory that a horizon takes: the sums over the life, those that fade, the forecasts missing.
    package var length: Int { 2 * width + 1 }

    /// Takes in the outcome of a forecast that had these half-widths, in the stream's unit; NaN where none was known.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, _ outcome: Outcome, halfWidth: (Int) -> Double
    ) {
        let fresh = memory + width
        for place in 0..<width { fresh[place] *= fading }
        func add(_ place: Int, _ value: Double) {
            memory[place] += value
            fresh[place] += value
        }
        let miss = abs(outcome.error)
        add(0, 1)
        add(1, miss)
        add(2, miss * miss)
        add(3, outcome.error)
        add(4, abs(outcome.persistenceError))
        add(5, abs(outcome.seasonalError))
        for level in levels.indices {
            let half = halfWidth(level)
            add(6 + 2 * level, miss <= half ? 1 : 0)
            add(7 + 2 * level, 2 * half + (miss > half ? 2 / (1 - levels[level]) * (miss - half) : 0))
        }
    }

    /// Counts a value that no forecast had been made for.
    package func countMissing(_ memory: UnsafeMutablePointer<Double>) { memory[2 * width] += 1 }

    /// The figures so far.
    package func figures(_ memory: UnsafePointer<Double>) -> ScoreFigures {
        ScoreFigures(
            life: figures(of: memory), recent: figures(of: memory + width), missing: UInt64(memory[2 * width])
        )
    }

    /// Writes of the sums that fade the mean absolute error, the skill against persistence, and the coverage per level;
    /// NaN where nothing is known yet.
    package func writeRecent(_ memory: UnsafePointer<Double>, to figures: UnsafeMutablePointer<Double>) {
        let sums = memory + width
        figures[0] = mean(1, of: sums)
        figures[1] = skill(against: 4, of: sums)
        for level in levels.indices { figures[2 + level] = mean(6 + 2 * level, of: sums) }
    }

    private func mean(_ place: Int, of sums: UnsafePointer<Double>) -> Double {
        sums[0] > 0 ? sums[place] / sums[0] : .nan
    }

    private func skill(against place: Int, of sums: UnsafePointer<Double>) -> Double {
        sums[place] > 0 ? 1 - sums[1] / sums[place] : .nan
    }

    private func figures(of sums: UnsafePointer<Double>) -> ScoreFigures.Period {
        ScoreFigures.Period(
            weight: sums[0], meanAbsoluteError: mean(1, of: sums),
            rootMeanSquareError: mean(2, of: sums).squareRoot(), bias: mean(3, of: sums),
            skillAgainstPersistence: skill(against: 4, of: sums),
            skillAgainstSeason: skill(against: 5, of: sums),
            coverage: levels.indices.map { mean(6 + 2 * $0, of: sums) },
            intervalScore: levels.indices.map { mean(7 + 2 * $0, of: sums) })
    }
}

/// How the forecasts of one stream and horizon turned out.
public struct ScoreFigures: Sendable, Equatable {
    /// The figures of a stretch of the stream's life; NaN where nothing is known yet.
    public struct Period: Sendable, Equatable {
        /// Forecasts that count, by their weight.
        public var weight: Double
        /// Mean of |forecast - truth|, in the stream's unit.
        public var meanAbsoluteError: Double
        /// Root of the mean of (forecast - truth)², in the stream's unit.
        public var rootMeanSquareError: Double
        /// Mean of forecast - truth, in the stream's unit.
        public var bias: Double
        /// 1 - error / error of repeating the last value: above 0 is better.
        public var skillAgainstPersistence: Double
        /// 1 - error / error of repeating the value one season before.
        public var skillAgainstSeason: Double
        /// Per level: the share of values that the intervals held.
        public var coverage: [Double]
        /// Per level: the mean interval score (Winkler 1972), in the stream's unit: width, and 2 / (1 - level) times
        /// by how much a value lay outside.
        public var intervalScore: [Double]
    }

    /// Since the stream began.
    public var life: Period
    /// Of late: a season ago counts half.
    public var recent: Period
    /// Values that no forecast had been made for.
    public var missing: UInt64
}
