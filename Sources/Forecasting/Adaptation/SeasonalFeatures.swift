// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The features of a stream's own past: differences to its last values, to those one season before and to what the
/// season's profile expects, its level, a constant, and where in the season it is.
struct SeasonalFeatures {
    private let season: Int
    private let offsets: [Int]
    /// Sine and cosine of the first two harmonics, by phase.
    private let waves: [Double]

    init(_ adaptation: Adaptation) {
        season = adaptation.season
        offsets = adaptation.seasonalOffsets
        waves = (0..<season).flatMap { phase in
            [1.0, 2].flatMap { harmonic in
                let angle = 2 * Double.pi * harmonic * Double(phase) / Double(adaptation.season)
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
        for offset in offsets { append(difference(season - offset)) }
        if season > 0 {
            for offset in offsets { append(usual(offset)) }
            append(usual(nil))
        }
        append(level)
        append(1)
        guard season > 0 else { return }
        let phase = Int(tick % UInt64(season))
        for wave in 0..<4 { append(waves[4 * phase + wave]) }
    }
}
