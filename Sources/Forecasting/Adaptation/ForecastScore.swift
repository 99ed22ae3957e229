// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How forecasts turned out, for one horizon: sums over the stream's life, and sums that fade.
///
/// Errors are in the stream's unit. One value costs the same however many came before.
package struct ForecastScore {
    /// Shares of values that intervals are to hold, rising.
    let levels: [Double]

    /// Makes an account.
    package init(levels: [Double]) { self.levels = levels }

    /// What one forecast came to.
    package struct Outcome {
        /// The forecast minus the truth.
        package var error: Double
        /// The same of persistence.
        package var persistenceError: Double
        /// The same of the value one season before; NaN without a season.
        package var seasonalError: Double

        /// Makes an outcome.
        package init(error: Double, persistenceError: Double, seasonalError: Double) {
            self.error = error
            self.persistenceError = persistenceError
            self.seasonalError = seasonalError
        }
    }

    /// Sums: weight, |error|, error², error, |persistence|, |seasonal|, weight of forecasts that had intervals, then per
    /// level hits and interval scores.
    private var width: Int { 7 + 2 * levels.count }
    /// Doubles of memory that a horizon takes: the sums over the life, those that fade, the forecasts missing.
    package var length: Int { 2 * width + 1 }

    /// Takes in the outcome of a forecast.
    ///
    /// - Parameters:
    ///   - fading: What the sums that fade keep of what came before, above 0, at most 1.
    ///   - margin: Its interval's margins in the stream's unit, of each level first that below; NaN where none was known.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, _ outcome: Outcome, fading: Double,
        margin: (Int) -> Double
    ) {
        fade(memory, by: fading)
        func add(_ place: Int, _ value: Double) {
            memory[place] += value
            memory[width + place] += value
        }
        let miss = abs(outcome.error)
        add(0, 1)
        add(1, miss)
        add(2, miss * miss)
        add(3, outcome.error)
        add(4, abs(outcome.persistenceError))
        add(5, abs(outcome.seasonalError))
        guard !levels.isEmpty, margin(0).isFinite else { return }
        add(6, 1)
        for level in levels.indices {
            let interval = IntervalOutcome(
                error: outcome.error, below: margin(2 * level), above: margin(2 * level + 1),
                level: levels[level])
            add(7 + 2 * level, interval.isHeld ? 1 : 0)
            add(8 + 2 * level, interval.score)
        }
    }

    /// Lets the sums that fade keep a share of themselves.
    package func fade(_ memory: UnsafeMutablePointer<Double>, by fading: Double) {
        for place in width..<2 * width { memory[place] *= fading }
    }

    /// What the sums that fade keep over so many seconds: half over a day.
    package static func fading(over seconds: Double) -> Double { exp2(-max(seconds, 0) / 86_400) }

    /// Counts a value that no forecast had been made for.
    package func countMissing(_ memory: UnsafeMutablePointer<Double>) { memory[2 * width] += 1 }

    /// The mean |error| of persistence so far; NaN where nothing is known yet.
    package func persistenceError(_ memory: UnsafePointer<Double>) -> Double { ratio(4, to: 0, of: memory) }

    /// The figures so far.
    ///
    /// - Parameter scale: The mean |error| that counts as 1 in the scaled error.
    package func figures(_ memory: UnsafePointer<Double>, scale: Double) -> ScoreFigures {
        ScoreFigures(
            life: figures(of: memory, scale: scale), recent: figures(of: memory + width, scale: scale),
            missing: UInt64(memory[2 * width]))
    }

    /// Writes of the sums that fade the mean absolute error, the skill against persistence, and the coverage per level;
    /// NaN where nothing is known yet.
    package func writeRecent(_ memory: UnsafePointer<Double>, to figures: UnsafeMutablePointer<Double>) {
        let sums = memory + width
        figures[0] = ratio(1, to: 0, of: sums)
        figures[1] = 1 - ratio(1, to: 4, of: sums)
        for level in levels.indices { figures[2 + level] = ratio(7 + 2 * level, to: 6, of: sums) }
    }

    private func ratio(_ place: Int, to base: Int, of sums: UnsafePointer<Double>) -> Double {
        sums[base] > 0 ? sums[place] / sums[base] : .nan
    }

    private func figures(of sums: UnsafePointer<Double>, scale: Double) -> ScoreFigures.Period {
        func ratio(_ place: Int, to base: Int = 0) -> Double { self.ratio(place, to: base, of: sums) }
        return ScoreFigures.Period(
            weight: sums[0], meanAbsoluteError: ratio(1), rootMeanSquareError: ratio(2).squareRoot(),
            bias: ratio(3), meanAbsoluteScaledError: scale > 0 ? ratio(1) / scale : .nan,
            skillAgainstPersistence: 1 - ratio(1, to: 4), skillAgainstSeason: 1 - ratio(1, to: 5),
            coverage: levels.indices.map { ratio(7 + 2 * $0, to: 6) },
            intervalScore: levels.indices.map { ratio(8 + 2 * $0, to: 6) })
    }
}
