// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How far intervals must reach below and above forecasts to hold a given share of the values, for one horizon.
///
/// The sizes a of a stream's residuals have running means m of three half-lives, and differ over the season by T, in its
/// phase k. Candidates for how far an interval reaches are each of the means times T and times √T:
///
///     m_i += α_i (a / T_k - m_i)                 T_k = max(0.1, T_k + β (a / m_2 - T_k))
///     q   = max(m_i, 1e-3) T_k^p                 p = ½, 1
///
/// For each level the candidates are mixed as experts are (`ExpertMixture`), by the slope of the interval's loss, and on
/// each side a factor f brings what they come to to the share of values that is to lie outside there:
///
///     Q = f Σ w q                                f ← f e^(η (1[outside] - (1 - level) / 2))
///     regret of a candidate, on the residual's side: (1[a ≤ Q] - level) (Q - f q)
///
/// Steps that depend only on whether the interval held are as those of adaptive conformal inference (Gibbs, Candès
/// 2021). A residual teaches with the candidates as they were when its forecast was made.
package struct IntervalTracker {
    /// Shares of values that intervals are to hold, rising.
    package let levels: [Double]
    /// Phases of the season that are told apart; 0 without a season.
    let phaseCount: Int
    /// What a new residual counts in each of the means.
    private let weights: [Double]
    /// The candidates' mixture.
    private let mixture: ExpertMixture
    /// Per level, what its factors are first, and are multiplied by where the interval held and where it did not.
    private let factors: [(first: Double, held: Double, missed: Double)]

    /// Half-lives of the means in seasons, one tick ahead; six times as long from a quarter of a season ahead on.
    private static let halfLives = [0.05, 0.5, 4]
    /// What a season is taken for where there is none, in ticks.
    private static let plainSeason = 48.0
    /// What a new residual counts in its phase.
    private static let phaseWeight = 1 - exp2(-1.0 / 14)
    /// A factor lies between 1 over this and this.
    private static let factorLimit = 1024.0
    /// Figures that a forecast's candidates come from: the means, and the middle one times T.
    package static let spreadCount = 4

    /// Makes a tracker.
    package init(levels: [Double], horizon: Int, season: Int, phaseCount: Int) {
        self.levels = levels
        self.phaseCount = phaseCount
        let reach = season > 0 ? min(1, Double(horizon - 1) / max(1, Double(season) / 4 - 1)) : 0
        let length = (season > 0 ? Double(season) : Self.plainSeason) * (1 + 5 * reach)
        weights = Self.halfLives.map { RollingStatistics.weight(halfLife: $0 * length) }
        mixture = ExpertMixture(expertCount: (phaseCount > 0 ? 2 : 1) * Self.halfLives.count)
        let rate = 0.025 / Double(horizon).squareRoot()
        factors = levels.map { level in
            let outside = (1 - level) / 2
            return (Self.ratio(level), exp(-rate * outside), exp(rate * (1 - outside)))
        }
    }

    /// The half-width that holds a share of a normal distribution, over its mean absolute residual.
    ///
    /// By bisection of its distribution function.
    private static func ratio(_ level: Double) -> Double {
        var (low, high) = (0.0, 40.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if erf(middle / 2.0.squareRoot()) < level { low = middle } else { high = middle }
        }
        return low / (2 / Double.pi).squareRoot()
    }

    /// Doubles of memory that a horizon takes: the count, the means, T per phase, then per level its factors
    /// below and above and its mixture.
    package var length: Int { 1 + weights.count + phaseCount + levels.count * (2 + mixture.length) }

    private func level(_ index: Int) -> Int {
        1 + weights.count + phaseCount + index * (2 + mixture.length)
    }

    /// Forgets everything.
    package func reset(_ memory: UnsafeMutablePointer<Double>) {
        memory.update(repeating: 0, count: length)
        (memory + 1 + weights.count).update(repeating: 1, count: phaseCount)
        for index in levels.indices {
            (memory + level(index)).update(repeating: factors[index].first, count: 2)
        }
    }

    /// Says the residuals in a unit `ratio` times as large.
    package func rescale(_ memory: UnsafeMutablePointer<Double>, by ratio: Double) {
        for index in weights.indices { memory[1 + index] /= ratio }
        // Regrets are as large as widths, not as their squares.
        for index in levels.indices {
            mixture.rescale(memory + level(index) + 2, by: ratio.squareRoot())
        }
    }

    /// The figures that a forecast's candidates come from, to be kept until its residual is known: one every `stride`.
    package func writeSpreads(
        _ memory: UnsafePointer<Double>, phase: Int, to spreads: UnsafeMutablePointer<Float>, stride: Int
    ) {
        for index in weights.indices { spreads[index * stride] = Float(max(memory[1 + index], 1e-3)) }
        let spread = phaseCount > 0 ? memory[1 + weights.count + phase] : 1
        spreads[weights.count * stride] = spreads[stride] * Float(spread)
    }

    /// How far the interval of a forecast with these spreads reaches, in units of the stream; NaN before the first
    /// residual.
    package func margin(
        _ memory: UnsafePointer<Double>, level index: Int, spreads: UnsafePointer<Float>, stride: Int
    ) -> (below: Double, above: Double) {
        guard memory[0] > 0 else { return (.nan, .nan) }
        let factors = memory + level(index)
        let mixed = withCandidates(spreads, stride) { mixture.mix(factors + 2, $0) }
        return (factors[0] * mixed, factors[1] * mixed)
    }

    /// Takes in the residual (truth minus forecast) of a forecast that had these spreads and margins.
    ///
    /// - Parameter margins: Of each level first that below, then that above; NaN where none was known.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, residual: Double, spreads: UnsafePointer<Float>,
        margins: UnsafePointer<Float>, stride: Int, phase: Int
    ) {
        let side = residual < 0 ? 0 : 1
        let size = abs(residual)
        withCandidates(spreads, stride) { candidates in
            for index in levels.indices {
                let margin = Double(margins[(2 * index + side) * stride])
                guard !margin.isNaN else { continue }
                let isHeld = size <= margin
                let factors = memory + level(index)
                mixture.learn(
                    factors + 2, slope: (isHeld ? 1 : 0) - levels[index], mixture: margin,
                    forecasts: candidates, scale: factors[side])
                move(factors + side, level: index, isHeld: isHeld)
                move(factors + 1 - side, level: index, isHeld: true)
            }
        }
        memory[0] += 1
        let spread = phaseCount > 0 ? memory + 1 + weights.count + phase : nil
        let normalized = size / (spread?.pointee ?? 1)
        for (index, weight) in weights.enumerated() {
            memory[1 + index] += max(weight, 1 / memory[0]) * (normalized - memory[1 + index])
        }
        if let spread, memory[2] > 0 {
            spread.pointee = max(
                0.1, spread.pointee + Self.phaseWeight * (size / memory[2] - spread.pointee))
        }
    }

    private func move(_ factor: UnsafeMutablePointer<Double>, level: Int, isHeld: Bool) {
        let step = isHeld ? factors[level].held : factors[level].missed
        factor.pointee = min(max(factor.pointee * step, 1 / Self.factorLimit), Self.factorLimit)
    }

    /// Gives the candidates that come of a forecast's spreads.
    private func withCandidates<Result>(
        _ spreads: UnsafePointer<Float>, _ stride: Int, _ body: (UnsafePointer<Double>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * weights.count) { candidates in
            let spread = Double(spreads[weights.count * stride]) / Double(spreads[stride])
            let root = spread.squareRoot()
            for index in weights.indices {
                let mean = Double(spreads[index * stride])
                candidates.initializeElement(at: index, to: mean * root)
                candidates.initializeElement(at: weights.count + index, to: mean * spread)
            }
            return body(UnsafePointer(candidates.baseAddress!))
        }
    }
}
