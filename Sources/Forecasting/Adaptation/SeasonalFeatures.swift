// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The features of a stream's own past: differences to its last values, to those one season before and to what the
/// season's profile expects, its level, a constant, and where in the season it is; zeros where the stream has no such season.
struct SeasonalFeatures {
    private let season: Int
    private let offsets: [Int]
    /// Whether features of a season are laid out.
    private let isSeasonal: Bool
    /// Sine and cosine of the first two harmonics, by phase.
    private let waves: [Double]

    init(_ adaptation: Adaptation, season: Int) {
        self.season = season
        isSeasonal = adaptation.longestSeason > 0
        offsets = adaptation.seasonalOffsets
        waves = (0..<season).flatMap { phase in
            [1.0, 2].flatMap { harmonic in
                let angle = 2 * Double.pi * harmonic * Double(phase) / Double(season)
                return [sin(angle), cos(angle)]
            }
        }
    }

    /// Writes the features of place `tick`, in units of `scale`.
    ///
    /// - Parameters:
    ///   - difference: The value so many places back minus the newest, in units of the stream; 0 where there is none.
    ///   - usual: What is usual so many ticks ahead minus the newest value, in units of the stream; nil for the mean.
    func write(
        to features: UnsafeMutablePointer<Double>, tick: UInt64, level: Double, difference: (Int) -> Double,
        usual: (Int?) -> Double
    ) {
        var next = features
        func append(_ value: Double) {
            next.pointee = value
            next += 1
        }
        for lag in 1...Adaptation.lagCount { append(difference(lag)) }
        for offset in offsets { append(offset < season ? difference(season - offset) : 0) }
        if isSeasonal {
            for offset in offsets { append(offset < season ? usual(offset) : 0) }
            append(season > 0 ? usual(nil) : 0)
        }
        append(level)
        append(1)
        guard isSeasonal else { return }
        let phase = season > 0 ? Int(tick % UInt64(season)) : 0
        for wave in 0..<4 { append(season > 0 ? waves[4 * phase + wave] : 0) }
    }
}
