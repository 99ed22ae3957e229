// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// Intervals, held against their formulas with all sums taken anew, and against the share that they promise.
struct IntervalTrackerTests {
    /// A tracker's forecasts that wait for their residuals.
    final class Stream {
        let tracker: IntervalTracker
        let memory: AlignedDoubles
        private var waiting: [(figures: [Float], phase: Int)] = []
        private let horizon: Int

        init(levels: [Double], horizon: Int, season: Int) {
            self.horizon = horizon
            tracker = IntervalTracker(levels: levels, horizon: horizon, season: season, phaseCount: season)
            memory = AlignedDoubles(tracker.length)
            tracker.reset(memory.start)
        }

        /// Makes the intervals of a forecast: of each level the margins below and above.
        func margins(phase: Int) -> [Float] {
            var figures = [Float](repeating: 0, count: tracker.figureCount)
            tracker.forecast(memory.start, phase: phase, to: &figures, stride: 1)
            waiting.append((figures, phase))
            return Array(figures[IntervalTracker.margin(0)...])
        }

        /// Learns from the residual of the forecast that has waited for `horizon` ticks, and gives its margins.
        func learn(_ residual: Double) -> [Float]? {
            guard waiting.count >= horizon else { return nil }
            let oldest = waiting.removeFirst()
            tracker.learn(
                memory.start, horizon: horizon, residual: residual, figures: oldest.figures, stride: 1,
                phase: oldest.phase)
            return Array(oldest.figures[IntervalTracker.margin(0)...])
        }
    }

    /// Residuals of a skewed distribution, three times as far above as below, whose spread changes over 24 ticks.
    static func residual(_ tick: Int, using generator: inout SeededGenerator) -> Double {
        let size =
            -log(.random(in: 0.000001...1, using: &generator)) * (1 + 0.8 * sin(Double(tick) / 24 * 2 * .pi))
        return Bool.random(using: &generator) ? 3 * size : -size
    }

    /// The spread doubles halfway: the shares outside must stay what was asked for, on both sides.
    @Test(arguments: [(0, 1), (24, 1), (24, 6)], [0.5, 0.9, 0.99])
    func intervalsHoldTheirShare(shape: (season: Int, horizon: Int), level: Double) {
        let stream = Stream(levels: [level], horizon: shape.horizon, season: shape.season)
        var generator = SeededGenerator(seed: UInt64(level * 1000) + UInt64(shape.season))
        var (below, above, count) = (0.0, 0.0, 0.0)
        for tick in 0..<20_000 {
            let residual = Self.residual(tick, using: &generator) * (tick < 10_000 ? 1 : 2)
            if let margins = stream.learn(residual) {
                below += -residual > Double(margins[0]) ? 1 : 0
                above += residual > Double(margins[1]) ? 1 : 0
                count += 1
            }
            _ = stream.margins(phase: shape.season > 0 ? tick % shape.season : 0)
        }
        for outside in [below, above] {
            #expect(abs(outside / count - (1 - level) / 2) < 0.01, "\(outside / count)")
        }
    }

    /// Where the spread has a season, the intervals have it too, and where it is skewed, they are.
    @Test func intervalsFollowTheSeasonAndTheSkew() {
        let stream = Stream(levels: [0.9], horizon: 1, season: 24)
        var generator = SeededGenerator(seed: 3)
        for tick in 0..<5000 {
            _ = stream.learn(Self.residual(tick, using: &generator))
            _ = stream.margins(phase: tick % 24)
        }
        let (wide, narrow) = (stream.margins(phase: 5), stream.margins(phase: 17))
        #expect(wide[0] > 4 * narrow[0] && wide[1] > 4 * narrow[1], "\(wide), \(narrow)")
        #expect(wide[1] > 2 * wide[0])
    }

    @Test(arguments: [0, 4]) func marginsAreThoseOfTheFormulas(season: Int) {
        let levels = [0.8, 0.95]
        let stream = Stream(levels: levels, horizon: 1, season: season)
        var slow = SlowIntervals(levels: levels, season: season)
        var generator = SeededGenerator(seed: 17)
        for tick in 0..<300 {
            let phase = season > 0 ? tick % season : 0
            let (got, want) = (stream.margins(phase: phase), slow.margins(phase: phase))
            for (left, right) in zip(got, want) {
                #expect(
                    tick == 0 ? left.isNaN : abs(Double(left) - right) < 1e-3 * right,
                    "tick \(tick): \(left), \(right)")
            }
            let residual = Self.residual(tick, using: &generator)
            _ = stream.learn(residual)
            slow.learn(residual, phase: phase)
        }
    }

    /// Whatever comes, a margin is a number above 0.
    @Test func extremesLeaveNumbers() {
        let stream = Stream(levels: [0.5, 0.999], horizon: 1, season: 2)
        for tick in 0..<100_000 {
            let margins = stream.margins(phase: tick % 2)
            #expect(
                margins.allSatisfy { tick == 0 ? $0.isNaN : $0 > 0 && $0.isFinite },
                "tick \(tick): \(margins)")
            _ = stream.learn(tick < 50_000 ? 0 : tick % 1000 == 0 ? -60 : 1e-9)
        }
    }
}

/// The intervals one tick ahead, with regrets and factors summed anew over all residuals.
private struct SlowIntervals {
    struct Outcome {
        var residual: Double
        var candidates: [Double]
        /// Of each level below and above.
        var factors, margins: [Double]

        var side: Int { residual < 0 ? 0 : 1 }

        /// Whether the value lay outside a level's interval on a side.
        func isOutside(_ level: Int, _ side: Int) -> Bool {
            side == self.side && abs(residual) > margins[2 * level + side]
        }
    }

    let levels: [Double]
    let season: Int
    private var means = [0.0, 0, 0]
    private var phases: [Double]
    /// Nothing is learned from the first, which had no intervals.
    private var outcomes: [Outcome] = []
    private var newest = Outcome(residual: 0, candidates: [], factors: [], margins: [])
    private var count = 0.0

    init(levels: [Double], season: Int) {
        self.levels = levels
        self.season = season
        phases = Array(repeating: 1, count: max(season, 1))
    }

    mutating func margins(phase: Int) -> [Double] {
        let means = means.map { max($0, 1e-3) }
        var candidates = means.map { $0 * phases[phase].squareRoot() }
        if season > 0 { candidates += means.map { $0 * phases[phase] } }
        newest = Outcome(residual: 0, candidates: candidates, factors: [], margins: [])
        for (index, level) in levels.enumerated() {
            let weights = candidates.indices.map { weight($0, level: index) }
            let sum = weights.reduce(0, +)
            let mixed =
                sum > 0
                ? zip(weights, candidates).reduce(0) { $0 + $1.0 * $1.1 } / sum
                : candidates.reduce(0, +) / Double(candidates.count)
            for side in 0...1 {
                let normal = [0.8: 1.2815516, 0.95: 1.959964][level]! / (2 / Double.pi).squareRoot()
                let steps = outcomes.map { 0.025 * (($0.isOutside(index, side) ? 1 : 0) - (1 - level) / 2) }
                newest.factors.append(normal * exp(steps.reduce(0, +)))
                let least = index > 0 ? newest.margins[2 * (index - 1) + side] : 0
                newest.margins.append(max(newest.factors.last! * mixed, least))
            }
        }
        return newest.margins
    }

    private func weight(_ candidate: Int, level: Int) -> Double {
        var (sum, squares, discount) = (0.0, 0.0, 1.0)
        for outcome in outcomes.reversed() {
            let place = 2 * level + outcome.side
            let slope = (outcome.isOutside(level, outcome.side) ? 0 : 1) - levels[level]
            let regret =
                slope * (outcome.margins[place] - outcome.factors[place] * outcome.candidates[candidate])
            sum += discount * regret
            squares += discount * regret * regret
            discount *= 0.9995
        }
        return max(sum, 0) / (squares + 1e-9)
    }

    mutating func learn(_ residual: Double, phase: Int) {
        newest.residual = residual
        if count > 0 { outcomes.append(newest) }
        count += 1
        let length = Double(season > 0 ? season : 48)
        let normalized = abs(residual) / phases[phase]
        for (index, halfLife) in [0.05, 0.5, 4].enumerated() {
            let weight = max(1 - exp2(-1 / (halfLife * length)), 1 / count)
            means[index] += weight * (normalized - means[index])
        }
        guard season > 0 else { return }
        phases[phase] = max(
            0.1, phases[phase] + (1 - exp2(-1.0 / 14)) * (abs(residual) / means[1] - phases[phase]))
    }
}
