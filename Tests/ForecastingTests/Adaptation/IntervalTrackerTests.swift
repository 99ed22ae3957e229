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
        private var waiting: [(spreads: [Float], widths: [Float], phase: Int)] = []
        private let horizon: Int

        init(levels: [Double], horizon: Int, season: Int) {
            self.horizon = horizon
            tracker = IntervalTracker(levels: levels, horizon: horizon, season: season, phaseCount: season)
            memory = AlignedDoubles(tracker.length)
            tracker.reset(memory.start)
        }

        /// Makes the intervals of a forecast.
        func widths(phase: Int) -> [Float] {
            var spreads = [Float](repeating: 0, count: IntervalTracker.spreadCount)
            tracker.writeSpreads(memory.start, phase: phase, to: &spreads, stride: 1)
            let widths = tracker.levels.indices.map {
                Float(tracker.width(memory.start, level: $0, spreads: spreads, stride: 1))
            }
            waiting.append((spreads, widths, phase))
            return widths
        }

        /// Learns from the residual of the forecast that has waited for `horizon` ticks.
        func learn(_ residual: Double) -> [Float]? {
            guard waiting.count >= horizon else { return nil }
            let oldest = waiting.removeFirst()
            tracker.learn(
                memory.start, residual: residual, spreads: oldest.spreads, widths: oldest.widths, stride: 1,
                phase: oldest.phase)
            return oldest.widths
        }
    }

    /// Residuals of a Laplace distribution, whose spread changes over 24 ticks.
    static func residual(_ tick: Int, using generator: inout SeededGenerator) -> Double {
        -log(.random(in: 0.000001...1, using: &generator)) * (1 + 0.8 * sin(Double(tick) / 24 * 2 * .pi))
    }

    /// The spread doubles halfway: the share held must stay what was asked for.
    @Test(arguments: [(0, 1), (24, 1), (24, 6)], [0.5, 0.9, 0.99])
    func intervalsHoldTheirShare(shape: (season: Int, horizon: Int), level: Double) {
        let stream = Stream(levels: [level], horizon: shape.horizon, season: shape.season)
        var generator = SeededGenerator(seed: UInt64(level * 1000) + UInt64(shape.season))
        var (held, count) = (0.0, 0.0)
        for tick in 0..<20_000 {
            let residual = Self.residual(tick, using: &generator) * (tick < 10_000 ? 1 : 2)
            if let widths = stream.learn(residual) {
                (held, count) = (held + (residual <= Double(widths[0]) ? 1 : 0), count + 1)
            }
            _ = stream.widths(phase: shape.season > 0 ? tick % shape.season : 0)
        }
        #expect(abs(held / count - level) < 0.01, "\(held / count)")
    }

    /// Where the spread has a season, the intervals have it too.
    @Test func intervalsFollowTheSeason() {
        let stream = Stream(levels: [0.9], horizon: 1, season: 24)
        var generator = SeededGenerator(seed: 3)
        for tick in 0..<5000 {
            _ = stream.learn(Self.residual(tick, using: &generator))
            _ = stream.widths(phase: tick % 24)
        }
        let (wide, narrow) = (stream.widths(phase: 5)[0], stream.widths(phase: 17)[0])
        #expect(wide > 4 * narrow, "\(wide), \(narrow)")
    }

    @Test(arguments: [0, 4]) func widthsAreThoseOfTheFormulas(season: Int) {
        let levels = [0.8, 0.95]
        let stream = Stream(levels: levels, horizon: 1, season: season)
        var slow = SlowIntervals(levels: levels, season: season)
        var generator = SeededGenerator(seed: 17)
        for tick in 0..<300 {
            let phase = season > 0 ? tick % season : 0
            let (got, want) = (stream.widths(phase: phase), slow.widths(phase: phase))
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

    /// Whatever comes, a width is a number above 0.
    @Test func extremesLeaveNumbers() {
        let stream = Stream(levels: [0.5, 0.999], horizon: 1, season: 2)
        for tick in 0..<100_000 {
            let widths = stream.widths(phase: tick % 2)
            #expect(
                widths.allSatisfy { tick == 0 ? $0.isNaN : $0 > 0 && $0.isFinite }, "tick \(tick): \(widths)")
            _ = stream.learn(tick < 50_000 ? 0 : tick % 1000 == 0 ? 60 : 1e-9)
        }
    }
}

/// The intervals one tick ahead, with regrets and factors summed anew over all residuals.
private struct SlowIntervals {
    let levels: [Double]
    let season: Int
    private var means = [0.0, 0, 0]
    private var phases: [Double]
    private var residuals: [(value: Double, candidates: [Double], factors: [Double], widths: [Double])] = []
    private var held: [[Bool]] = []
    private var newest: (candidates: [Double], factors: [Double], widths: [Double]) = ([], [], [])

    init(levels: [Double], season: Int) {
        self.levels = levels
        self.season = season
        phases = Array(repeating: 1, count: max(season, 1))
    }

    mutating func widths(phase: Int) -> [Double] {
        let means = means.map { max($0, 1e-3) }
        var candidates = means.map { $0 * phases[phase].squareRoot() }
        if season > 0 { candidates += means.map { $0 * phases[phase] } }
        newest = (candidates, [], [])
        for (index, level) in levels.enumerated() {
            let normal = [0.8: 1.2815516, 0.95: 1.959964][level]! / (2 / Double.pi).squareRoot()
            let steps = held.dropFirst().map { 0.02 * (($0[index] ? 0 : 1) - (1 - level)) }
            let factor = normal * exp(steps.reduce(0, +))
            let weights = candidates.indices.map { weight($0, level: index) }
            let sum = weights.reduce(0, +)
            let mixed =
                sum > 0
                ? zip(weights, candidates).reduce(0) { $0 + $1.0 * $1.1 } / sum
                : candidates.reduce(0, +) / Double(candidates.count)
            newest.factors.append(factor)
            newest.widths.append(factor * mixed)
        }
        return newest.widths
    }

    private func weight(_ candidate: Int, level: Int) -> Double {
        var (sum, squares, discount) = (0.0, 0.0, 1.0)
        for (residual, held) in zip(residuals, held).dropFirst().reversed() {
            let slope = (held[level] ? 1 : 0) - levels[level]
            let regret =
                slope * (residual.widths[level] - residual.factors[level] * residual.candidates[candidate])
            sum += discount * regret
            squares += discount * regret * regret
            discount *= 0.9995
        }
        return max(sum, 0) / (squares + 1e-9)
    }

    mutating func learn(_ residual: Double, phase: Int) {
        residuals.append((residual, newest.candidates, newest.factors, newest.widths))
        held.append(newest.widths.map { residual <= $0 })
        let length = Double(season > 0 ? season : 48)
        let normalized = residual / phases[phase]
        for (index, halfLife) in [0.05, 0.5, 4].enumerated() {
            let weight = max(1 - exp2(-1 / (halfLife * length)), 1 / Double(residuals.count))
            means[index] += weight * (normalized - means[index])
        }
        guard season > 0 else { return }
        phases[phase] = max(
            0.1, phases[phase] + (1 - exp2(-1.0 / 14)) * (residual / means[1] - phases[phase]))
    }
}
