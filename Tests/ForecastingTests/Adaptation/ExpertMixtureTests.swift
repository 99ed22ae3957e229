// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

extension ExpertMixture {
    /// The experts' weights: what comes of a mixture in which one says 1 and all others 0.
    fileprivate func weights(_ memory: UnsafePointer<Double>) -> [Double] {
        (0..<expertCount).map { expert in mix(memory, (0..<expertCount).map { $0 == expert ? 1 : 0 }) }
    }
}

/// Mixtures, held against what their formulas come to when all is summed anew.
struct ExpertMixtureTests {
    @Test func weightsAreThoseOfAllRegretsSummedAnew() {
        let mixture = ExpertMixture(expertCount: 3)
        let memory = AlignedDoubles(mixture.length)
        var generator = SeededGenerator(seed: 5)
        var regrets: [[Double]] = []
        for _ in 0..<500 {
            let truth = Double.random(in: -1...1, using: &generator)
            let forecasts = [truth + 0.1, truth - Double.random(in: 0...0.4, using: &generator), 0]
            let mixed = mixture.mix(memory.start, forecasts)
            mixture.learn(memory.start, mixture: mixed, forecasts: forecasts, truth: truth)
            regrets.append(forecasts.map { 2 * (mixed - truth) * (mixed - $0) })
        }
        let raw = (0..<3).map { expert in
            var (sum, squares, weight) = (0.0, 0.0, 1.0)
            for regret in regrets.reversed() {
                sum += weight * regret[expert]
                squares += weight * regret[expert] * regret[expert]
                weight *= 0.9995
            }
            return max(sum, 0) / (squares + 1e-9)
        }
        for (got, want) in zip(mixture.weights(memory.start), raw) {
            #expect(abs(got - want / raw.reduce(0, +)) < 1e-9)
        }
        #expect(mixture.weights(memory.start)[2] < 0.05, "the expert that knows nothing")
    }

    /// As the formulas stand in the paper and in the R package opera, over all regrets.
    @Test func ratesAndWeightsOfBOAAreThoseOfAllRegretsSummedAnew() {
        let mixture = ExpertMixture(expertCount: 3, rule: .boa)
        let memory = AlignedDoubles(mixture.length)
        var regrets: [[Double]] = []
        var generator = SeededGenerator(seed: 6)
        for step in 0..<400 {
            let truth = Double.random(in: -1...1, using: &generator)
            // One stumbles now and then, so that it has a bound that is old.
            let stumble = step % 90 == 40 ? 3.0 : 0.2
            let forecasts = [truth + 0.1, truth - Double.random(in: 0...stumble, using: &generator), 0]
            let mixed = mixture.mix(memory.start, forecasts)
            mixture.learn(memory.start, mixture: mixed, forecasts: forecasts, truth: truth)
            regrets.append(forecasts.map { 2 * (mixed - truth) * (mixed - $0) })
        }
        let raw = (0..<3).map { Self.exponentialWeight(regrets, of: $0) }
        let greatest = raw.map(\.exponent).max() ?? 0
        let weights = raw.map { $0.rate * exp($0.exponent - greatest) }
        for (got, want) in zip(mixture.weights(memory.start), weights) {
            #expect(abs(got - want / weights.reduce(0, +)) < 1e-6)
        }
        #expect(mixture.weights(memory.start)[2] < 0.05, "the expert that knows nothing")
    }

    private static func exponentialWeight(
        _ regrets: [[Double]], of expert: Int
    ) -> (rate: Double, exponent: Double) {
        func discount(_ step: Int, at now: Int) -> Double { pow(0.9995, Double(now - step)) }
        func bound(_ now: Int) -> Double {
            (0...now).map { discount($0, at: now) * abs(regrets[$0][expert]) }.max() ?? 0
        }
        func rate(_ now: Int) -> Double {
            let squares = (0...now).map { discount($0, at: now) * pow(regrets[$0][expert], 2) }.reduce(0, +)
            return min(1 / (2 * bound(now)), sqrt(log(Double(regrets[0].count)) / squares))
        }
        let last = regrets.count - 1
        var sum = 0.0
        for step in 0...last {
            let (regret, rate) = (regrets[step][expert], rate(step))
            let plain: Double = regret - rate * regret * regret
            let correction: Double = rate * regret > 0.5 + 1e-12 ? bound(step) : 0
            sum += discount(step, at: last) * (0.5 * (plain + correction) + 0.5 * plain)
        }
        return (rate(last), rate(last) * sum)
    }

    /// In another unit, or told of it later, weights stay the same, but for the little that is added to V.
    @Test(arguments: Adaptation.Mix.allCases, [16, 0.01]) func weightsHaveNoUnit(
        rule: Adaptation.Mix, ratio: Double
    ) {
        let mixture = ExpertMixture(expertCount: 3, rule: rule)
        let (plain, other, later) = (
            AlignedDoubles(mixture.length), AlignedDoubles(mixture.length), AlignedDoubles(mixture.length)
        )
        var generator = SeededGenerator(seed: 7)
        for step in 0..<300 {
            let truth = Double.random(in: -1...1, using: &generator)
            let forecasts = [truth + 0.2, Double.random(in: -1...1, using: &generator), 0]
            let mixed = mixture.mix(plain.start, forecasts)
            func learn(_ memory: AlignedDoubles, unit: Double) {
                mixture.learn(
                    memory.start, mixture: mixed / unit, forecasts: forecasts.map { $0 / unit },
                    truth: truth / unit)
            }
            learn(plain, unit: 1)
            learn(other, unit: ratio)
            if step == 150 { mixture.rescale(later.start, by: ratio) }
            learn(later, unit: step < 150 ? 1 : ratio)
        }
        for (want, got) in zip(
            mixture.weights(plain.start),
            zip(mixture.weights(other.start), mixture.weights(later.start)))
        {
            #expect(abs(got.0 - want) < 1e-4 && abs(got.1 - want) < 1e-4)
        }
    }

    /// Regrets of 0 for ages, of all sizes, and so many that they are like infinity to another.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func aMixtureIsWithinItsExperts(seed: UInt64) {
        let mixture = ExpertMixture(expertCount: 4, rule: .boa)
        let memory = AlignedDoubles(mixture.length)
        var generator = SeededGenerator(seed: seed)
        var (exponent, isWithin) = (0.0, true)
        for step in 0..<100_000 {
            if step % 1000 == 0 { exponent = .random(in: -200...4, using: &generator) }
            let size = step / 1000 % 5 == 0 ? 0 : pow(10, exponent)
            func draw() -> Double { size * .random(in: -1...1, using: &generator) }
            let forecasts = [0, draw(), size, draw()]
            let mixed = mixture.mix(memory.start, forecasts)
            isWithin = isWithin && abs(mixed) <= size * (1 + 1e-12)
            mixture.learn(memory.start, mixture: mixed, forecasts: forecasts, truth: draw())
        }
        #expect(isWithin && mixture.weights(memory.start).allSatisfy(\.isFinite), "seed \(seed)")
    }

    @Test(arguments: Adaptation.Mix.allCases) func withoutAnyRegretAllWeightsAreAlike(rule: Adaptation.Mix) {
        let mixture = ExpertMixture(expertCount: 4, rule: rule)
        let memory = AlignedDoubles(mixture.length)
        #expect(mixture.weights(memory.start) == [0.25, 0.25, 0.25, 0.25])
    }
}
