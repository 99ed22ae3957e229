// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// A season's profile, held against means taken anew over all values.
struct SeasonalProfileTests {
    @Test func profileAndMeanAreThoseOfAllValues() {
        let season = 5
        let profile = SeasonalProfile(season: season)
        let memory = AlignedDoubles(profile.length)
        var generator = SeededGenerator(seed: 11)
        let values = (0..<200).map { Double($0 % season) * 3 + .random(in: -1...1, using: &generator) }
        var deviations: [[Double]] = Array(repeating: [], count: season)
        for (tick, value) in values.enumerated() {
            profile.learn(memory.start, value, place: UInt64(tick), count: UInt64(tick + 1))
            let mean = Self.mean(values[...tick], least: 1 - exp2(-1 / Double(season)))
            #expect(abs(profile.mean(memory.start) - mean) < 1e-9)
            deviations[tick % season].append(value - mean)
            let usual = mean + Self.mean(deviations[tick % season][...], least: 1 - exp2(-1 / 7.0))
            #expect(abs(profile.usual(memory.start, place: UInt64(tick + 10 * season)) - usual) < 1e-9)
        }
    }

    /// All count equally until each newest would count less than `least`; from then on weights fade.
    static func mean(_ values: ArraySlice<Double>, least: Double) -> Double {
        var weights: [Double] = []
        for number in 1...values.count {
            let newest = max(least, 1 / Double(number))
            weights = weights.map { $0 * (1 - newest) } + [newest]
        }
        return zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func withoutASeasonThereIsNone() {
        let profile = SeasonalProfile(season: 0)
        #expect(profile.length == 0)
        profile.learn(AlignedDoubles(8).start, 1, place: 3, count: 4)
    }
}
