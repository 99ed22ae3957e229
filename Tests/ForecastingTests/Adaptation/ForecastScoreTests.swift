// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// Scores, held against what all outcomes summed anew come to.
struct ForecastScoreTests {
    struct Outcome {
        var error, persistence, season: Double
        /// NaN where no interval was known.
        var below, above: Double
        /// What is kept of earlier outcomes when this one comes.
        var fading: Double
    }

    static let scale = 0.7

    /// The figures of outcomes with weights, in the order of `ScoreFigures.Period`.
    static func slowFigures(_ outcomes: [Outcome], _ weights: [Double]) -> [Double] {
        func mean(where isCounted: (Outcome) -> Bool = { _ in true }, _ value: (Outcome) -> Double) -> Double
        {
            var (sum, total) = (0.0, 0.0)
            for (outcome, weight) in zip(outcomes, weights) where isCounted(outcome) {
                sum += weight * value(outcome)
                total += weight
            }
            return sum / total
        }
        let error = mean { abs($0.error) }
        return [
            weights.reduce(0, +), error, mean { $0.error * $0.error }.squareRoot(), mean { $0.error },
            error / scale, 1 - error / mean { abs($0.persistence) }, 1 - error / mean { abs($0.season) },
            mean(where: { $0.below.isFinite }) { $0.error <= $0.below && -$0.error <= $0.above ? 1 : 0 },
            mean(where: { $0.below.isFinite }) {
                $0.below + $0.above + 10 * max(0, $0.error - $0.below, -$0.error - $0.above)
            },
        ]
    }

    static func figures(_ period: ScoreFigures.Period) -> [Double] {
        [
            period.weight, period.meanAbsoluteError, period.rootMeanSquareError, period.bias,
            period.meanAbsoluteScaledError, period.skillAgainstPersistence, period.skillAgainstSeason,
            period.coverage[0], period.intervalScore[0],
        ]
    }

    @Test func scoresAreThoseOfAllOutcomes() {
        let score = ForecastScore(levels: [0.8])
        let memory = AlignedDoubles(score.length)
        var generator = SeededGenerator(seed: 8)
        var outcomes: [Outcome] = []
        for index in 0..<300 {
            func draw() -> Double { .random(in: -3...3, using: &generator) }
            let outcome = Outcome(
                error: draw(), persistence: draw(), season: draw(), below: index < 40 ? .nan : abs(draw()),
                above: index < 40 ? .nan : abs(draw()),
                fading: index % 3 == 0 ? 1 : 0.97)
            outcomes.append(outcome)
            score.learn(
                memory.start,
                ForecastScore.Outcome(
                    error: outcome.error, persistenceError: outcome.persistence,
                    seasonalError: outcome.season),
                fading: outcome.fading
            ) { $0 == 0 ? outcome.below : outcome.above }
            if index == 20 { #expect(score.figures(memory.start, scale: 1).life.coverage[0].isNaN) }
        }
        score.countMissing(memory.start)
        score.fade(memory.start, by: 0.5)
        let figures = score.figures(memory.start, scale: Self.scale)
        var weights = outcomes.map { _ in 0.5 }
        for index in outcomes.indices.dropLast().reversed() {
            weights[index] = weights[index + 1] * outcomes[index + 1].fading
        }
        for (period, weights) in [(figures.life, outcomes.map { _ in 1 }), (figures.recent, weights)] {
            for (got, want) in zip(Self.figures(period), Self.slowFigures(outcomes, weights)) {
                #expect(abs(got - want) < 1e-9 * max(1, abs(want)))
            }
        }
        #expect(figures.missing == 1)
        var recent = [0.0, 0, 0]
        score.writeRecent(memory.start, to: &recent)
        let wanted = figures.recent
        #expect(recent == [wanted.meanAbsoluteError, wanted.skillAgainstPersistence, wanted.coverage[0]])
    }

    @Test func nothingIsKnownAtFirst() {
        let score = ForecastScore(levels: [0.8])
        let memory = AlignedDoubles(score.length)
        let period = score.figures(memory.start, scale: score.persistenceError(memory.start)).life
        #expect(Self.figures(period).dropFirst().allSatisfy(\.isNaN) && period.weight == 0)
    }

    /// Nothing is gained from clocks that are set back.
    @Test(arguments: [(86_400, 0.5), (3600, 0.97153194115), (172_800, 0.25), (0, 1), (-5, 1)])
    func halfIsKeptOverADay(seconds: Double, kept: Double) {
        #expect(abs(ForecastScore.fading(over: seconds) - kept) < 1e-9)
    }
}
