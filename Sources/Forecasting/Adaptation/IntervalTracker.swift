// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How wide an interval must be to hold a given share of the values, for one horizon.
///
/// A tracker of quantiles in log space, on residuals normalised by their running mean m and, where there is a season,
/// by how they differ over it (T, by phase k). When a residual a of a forecast made with half-width Q is known:
///
///     m += α (a / T_k - m)
///     T_k = max(0.1, T_k + β (a / m - T_k))
///     θ += η (1[a > Q] - (1 - level))        for each level
///
/// and the next forecast's half-width is max(m, 1e-3) T_k^½ e^θ. Steps that depend only on whether the interval held
/// are as those of adaptive conformal inference (Gibbs, Candès 2021).
package struct IntervalTracker {
    /// Shares of values that intervals are to hold, rising.
    package let levels: [Double]
    /// Phases of the season that are told apart; 0 without a season.
    let phaseCount: Int
    /// What a new residual counts in the mean.
    private let weight: Double
    /// How far a level's width moves with each value.
    private let rate: Double

    /// What a new residual counts in its phase.
    private static let phaseWeight = 1 - exp2(-1.0 / 14)
    /// The half-life of the mean where there is no season, in ticks.
    private static let plainHalfLife = 48.0

    package init(levels: [Double], horizon: Int, season: Int, phaseCount: Int) {
        self.levels = levels
        self.phaseCount = phaseCount
        let reach = season > 0 ? min(1, Double(horizon - 1) / max(1, Double(season) / 4 - 1)) : 0
        let halfLife = season > 0 ? Double(season) * (1 + 2 * reach) : Self.plainHalfLife
        weight = 1 - exp2(-1 / halfLife)
        rate = 0.03 / Double(horizon).squareRoot()
    }

    /// Doubles of memory that a horizon takes: the count, m, θ per level, T per phase.
    package var length: Int { 2 + levels.count + phaseCount }

    package func reset(_ memory: UnsafeMutablePointer<Double>) {
        memory.update(repeating: 0, count: 2)
        (memory + 2).update(repeating: log(1.6), count: levels.count)
        (memory + 2 + levels.count).update(repeating: 1, count: phaseCount)
    }

    /// The half-width for the level number `level`, in units of the stream; 0 before the first residual.
    package func width(_ memory: UnsafePointer<Double>, level: Int, phase: Int) -> Double {
        let spread = phaseCount > 0 ? memory[2 + levels.count + phase].squareRoot() : 1
        return max(memory[1], 1e-3) * spread * exp(memory[2 + level])
    }

    /// Takes in the residual of a forecast that had the half-widths `widths`; NaN where none was known.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, residual: Double, widths: UnsafePointer<Float>,
        widthStride: Int,
        phase: Int
    ) {
        let spread = phaseCount > 0 ? memory + 2 + levels.count + phase : nil
        memory[0] += 1
        memory[1] += max(weight, 1 / memory[0]) * (residual / (spread?.pointee ?? 1) - memory[1])
        if let spread, memory[1] > 0 {
            spread.pointee = max(
                0.1, spread.pointee + Self.phaseWeight * (residual / memory[1] - spread.pointee))
        }
        for level in levels.indices {
            let width = Double(widths[level * widthStride])
            guard !width.isNaN else { continue }
            memory[2 + level] += rate * ((residual > width ? 1 : 0) - (1 - levels[level]))
        }
    }
}
