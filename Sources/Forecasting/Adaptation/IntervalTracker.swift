// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How far intervals must reach below and above forecasts to hold given shares of the values, by horizon.
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
/// and Q is at least that of the level below. Steps that depend only on whether the interval held are as those of
/// adaptive conformal inference (Gibbs, Candès 2021). A residual teaches with the candidates as they were when its
/// forecast was made.
package final class IntervalTracker {
    /// Shares of values that intervals are to hold, rising.
    package let levels: [Double]
    /// Phases of the season that are told apart; 0 without a season.
    let phaseCount: Int
    /// The candidates' mixture.
    private let mixture: ExpertMixture
    /// What the factors of each level are first.
    private let firstFactors: [Double]
    /// Per horizon what a new residual counts in each mean, then per level what its factors are multiplied by where the
    /// interval held and where it did not; behind all horizons the candidates of the forecast at hand.
    ///
    /// Not arrays, whose references would be counted for each horizon of each tick.
    private let parameters: UnsafeMutablePointer<Double>
    private let parameterCount: Int
    private let candidates: UnsafeMutablePointer<Double>
    private let levelCount: Int

    /// Half-lives of the means in seasons, one tick ahead; six times as long from a quarter of a season ahead on.
    private static let halfLives = [0.05, 0.5, 4]
    private static let meanCount = 3
    /// What a season is taken for where there is none, in ticks.
    private static let plainSeason = 48.0
    /// What a new residual counts in its phase.
    private static let phaseWeight = 1 - exp2(-1.0 / 14)
    /// A factor lies between 1 over this and this.
    private static let factorLimit = 1024.0
    /// Figures of a forecast that its candidates come from: the means, and the middle one times T.
    private static let spreadCount = 4

    /// Makes a tracker for horizons 1 to `horizon`.
    package init(levels: [Double], horizon: Int, season: Int, phaseCount: Int) {
        self.levels = levels
        self.phaseCount = phaseCount
        levelCount = levels.count
        mixture = ExpertMixture(expertCount: (phaseCount > 0 ? 2 : 1) * Self.meanCount)
        firstFactors = levels.map(Self.normalRatio)
        parameterCount = Self.meanCount + 2 * levels.count
        parameters = .allocate(capacity: horizon * parameterCount + 2 * Self.meanCount)
        candidates = parameters + horizon * parameterCount
        candidates.initialize(repeating: 0, count: 2 * Self.meanCount)
        for ahead in 1...horizon {
            let reach = season > 0 ? min(1, Double(ahead - 1) / max(1, Double(season) / 4 - 1)) : 0
            let length = (season > 0 ? Double(season) : Self.plainSeason) * (1 + 5 * reach)
            let weights = Self.halfLives.map { RollingStatistics.weight(halfLife: $0 * length) }
            let rate = 0.025 / Double(ahead).squareRoot()
            let steps = levels.flatMap { level in
                let outside: Double = (1 - level) / 2
                return [exp(-rate * outside), exp(rate * (1 - outside))]
            }
            for (index, value) in (weights + steps).enumerated() {
                (parameters + (ahead - 1) * parameterCount + index).initialize(to: value)
            }
        }
    }

    deinit { parameters.deallocate() }

    /// How far a share of a normal distribution reaches, over its mean absolute residual.
    ///
    /// By bisection of its distribution function.
    private static func normalRatio(_ level: Double) -> Double {
        var (low, high) = (0.0, 40.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if erf(middle / 2.0.squareRoot()) < level { low = middle } else { high = middle }
        }
        return low / (2 / Double.pi).squareRoot()
    }

    /// Doubles of memory that a horizon takes: the count, the means, T per phase, then per level its factors below and
    /// above and its mixture.
    package var length: Int { 1 + Self.meanCount + phaseCount + levelCount * (2 + mixture.length) }

    /// Figures that are kept of a forecast until its residual is known: those that its candidates come from, then per
    /// level its margins below and above, in units of the stream; NaN before the first residual.
    package var figureCount: Int { Self.spreadCount + 2 * levelCount }

    /// Which of these figures is a margin: of each level first that below.
    package static func margin(_ series: Int) -> Int { spreadCount + series }

    private func level(_ index: Int) -> Int {
        1 + Self.meanCount + phaseCount + index * (2 + mixture.length)
    }

    /// Forgets everything of a horizon.
    package func reset(_ memory: UnsafeMutablePointer<Double>) {
        memory.update(repeating: 0, count: length)
        (memory + 1 + Self.meanCount).update(repeating: 1, count: phaseCount)
        for index in 0..<levelCount {
            (memory + level(index)).update(repeating: firstFactors[index], count: 2)
        }
    }

    /// Says a horizon's residuals in a unit `ratio` times as large.
    package func rescale(_ memory: UnsafeMutablePointer<Double>, by ratio: Double) {
        for index in 0..<Self.meanCount { memory[1 + index] /= ratio }
        // Regrets are as large as margins, not as their squares.
        for index in 0..<levelCount {
            mixture.rescale(memory + level(index) + 2, by: ratio.squareRoot())
        }
    }

    /// Makes the intervals of a forecast: its figures, one every `stride`.
    package func forecast(
        _ memory: UnsafePointer<Double>, phase: Int, to figures: UnsafeMutablePointer<Float>, stride: Int
    ) {
        for index in 0..<Self.meanCount { figures[index * stride] = Float(max(memory[1 + index], 1e-3)) }
        let spread = phaseCount > 0 ? memory[1 + Self.meanCount + phase] : 1
        figures[Self.meanCount * stride] = figures[stride] * Float(spread)
        findCandidates(figures, stride)
        for index in 0..<levelCount {
            let factors = memory + level(index)
            let mixed = memory[0] > 0 ? mixture.mix(factors + 2, candidates) : .nan
            for side in 0...1 {
                let place = Self.margin(2 * index + side)
                let margin = Float(factors[side] * mixed)
                // What holds more holds all that holds less.
                let least = index > 0 ? figures[(place - 2) * stride] : margin
                figures[place * stride] = margin < least ? least : margin
            }
        }
    }

    /// Takes in the residual (truth minus forecast) of a forecast that had these figures.
    package func learn(
        _ memory: UnsafeMutablePointer<Double>, horizon: Int, residual: Double,
        figures: UnsafePointer<Float>, stride: Int, phase: Int
    ) {
        let parameters = parameters + (horizon - 1) * parameterCount
        let side = residual < 0 ? 0 : 1
        let size = abs(residual)
        findCandidates(figures, stride)
        for index in 0..<levelCount {
            let margin = Double(figures[Self.margin(2 * index + side) * stride])
            guard !margin.isNaN else { continue }
            let isHeld = size <= margin
            let factors = memory + level(index)
            mixture.learn(
                factors + 2, slope: (isHeld ? 1 : 0) - levels[index], mixture: margin, forecasts: candidates,
                scale: factors[side])
            let steps = parameters + Self.meanCount + 2 * index
            Self.move(factors + side, by: steps[isHeld ? 0 : 1])
            Self.move(factors + 1 - side, by: steps[0])
        }
        memory[0] += 1
        let spread = phaseCount > 0 ? memory + 1 + Self.meanCount + phase : nil
        let normalized = size / (spread?.pointee ?? 1)
        for index in 0..<Self.meanCount {
            memory[1 + index] += max(parameters[index], 1 / memory[0]) * (normalized - memory[1 + index])
        }
        if let spread, memory[2] > 0 {
            spread.pointee = max(
                0.1, spread.pointee + Self.phaseWeight * (size / memory[2] - spread.pointee))
        }
    }

    private static func move(_ factor: UnsafeMutablePointer<Double>, by step: Double) {
        factor.pointee = min(max(factor.pointee * step, 1 / factorLimit), factorLimit)
    }

    private func findCandidates(_ figures: UnsafePointer<Float>, _ stride: Int) {
        let spread = Double(figures[Self.meanCount * stride]) / Double(figures[stride])
        let root = spread.squareRoot()
        for index in 0..<Self.meanCount {
            let mean = Double(figures[index * stride])
            candidates[index] = mean * root
            candidates[Self.meanCount + index] = mean * spread
        }
    }
}
