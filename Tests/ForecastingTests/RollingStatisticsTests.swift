// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

struct RollingStatisticsTests {
    @Test(arguments: [0.5, 1, 7, 600])
    func equalsTheExplicitlyWeightedMoments(halfLife: Double) {
        var generator = SeededGenerator(seed: 3)
        var statistics = RollingStatistics()
        var values: [Double] = []
        for _ in 0..<300 {
            let value = 1000 + Double.random(in: -5...5, using: &generator)
            values.append(value)
            let isFinite = statistics.update(
                with: value, weight: RollingStatistics.weight(halfLife: halfLife))
            let (mean, variance) = rollingMoments(values[...], halfLife: halfLife)
            #expect(isFinite)
            #expect(abs(statistics.mean - mean) < 1e-9)
            #expect(abs(statistics.variance - variance) < 1e-9)
        }
        #expect(statistics.count == 300)
    }

    @Test func theFirstHalfLifeOfValuesCountEqually() {
        var statistics = RollingStatistics()
        for value in [1.0, 2, 3, 4] {
            _ = statistics.update(with: value, weight: RollingStatistics.weight(halfLife: 1000))
        }
        #expect(abs(statistics.mean - 2.5) < 1e-12)
        #expect(abs(statistics.variance - 1.25) < 1e-12)
    }

    @Test(arguments: [(0.0, 1e-9), (5.0, 5e-6), (-2e6, 2.0)])
    func aConstantStreamHasAFloorForItsDeviation(value: Double, floor: Double) {
        var statistics = RollingStatistics()
        for _ in 0..<1000 { _ = statistics.update(with: value, weight: 0.01) }
        #expect(abs(statistics.scale.deviation - floor) <= 1e-12 * abs(value) + 1e-24)
        #expect(statistics.scale.input(value) == 0)
    }

    @Test func saysWhenSquaresOverflow() {
        var statistics = RollingStatistics()
        let first = statistics.update(with: 1, weight: 0.01)
        let second = statistics.update(with: 1e200, weight: 0.01)
        #expect(first)
        #expect(!second)
    }

    @Test func inputsAreClamped() {
        let scale = Scale(mean: 10, deviation: 2, limit: 8)
        #expect(scale.input(14) == 2)
        #expect(scale.input(1e9) == 8)
        #expect(scale.input(-1e9) == -8)
    }
}
