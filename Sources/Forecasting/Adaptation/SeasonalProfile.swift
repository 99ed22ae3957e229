// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a stream's season usually looks like: by phase, how far values lie from the stream's mean of late.
///
/// With the mean m, of half-life one season, and the n-th value y, in phase k of the stream's season number j:
///
///     m += max(α, 1/n) (y - m)
///     p_k += max(β, 1/j) (y - m - p_k)
///
/// The profile is so a mean over the seasons of late, which tells more than the value one season before alone, and it
/// stays as it is when the stream's level moves. Its rows of memory are the caller's.
package struct SeasonalProfile {
    /// Ticks in a season; 0 where there is none.
    let season: Int
    /// What a new value counts in the mean.
    private let meanWeight: Double

    /// What a season that is new counts in the profile: one of 7 seasons ago counts half.
    private static let seasonWeight = 1 - exp2(-1.0 / 7)

    /// Makes a profile of so many ticks; 0 for none.
    package init(season: Int) {
        self.season = season
        meanWeight = season > 0 ? RollingStatistics.weight(halfLife: Double(season)) : 0
    }

    /// Doubles of memory that a stream takes: the mean, then the profile, in the stream's unit.
    package var length: Int { season > 0 ? 1 + season : 0 }

    /// Takes in the value at a place, the stream's value number `count`.
    package func learn(_ memory: UnsafeMutablePointer<Double>, _ value: Double, place: UInt64, count: UInt64)
    {
        guard season > 0 else { return }
        let seasons = place / UInt64(season) + 1
        let phase = memory + 1 + Int(place % UInt64(season))
        memory[0] += max(meanWeight, 1 / Double(count)) * (value - memory[0])
        phase.pointee += max(Self.seasonWeight, 1 / Double(seasons)) * (value - memory[0] - phase.pointee)
    }

    /// The mean of late.
    package func mean(_ memory: UnsafePointer<Double>) -> Double { memory[0] }

    /// What is usual at a place, with the mean of late.
    package func usual(_ memory: UnsafePointer<Double>, place: UInt64) -> Double {
        memory[0] + memory[1 + Int(place % UInt64(season))]
    }
}
