// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds the period of a stream from the times of its first observations.
enum PeriodLearner {
    /// Observations that a period is learned from.
    static let observationCount = 30
    /// Differences between them.
    static let differenceCount = observationCount - 1
    /// Differences above 0 that are enough; with fewer, as many observations more are waited for.
    static let leastDifferenceCount = 15

    /// Periods that people choose, in milliseconds.
    private static let usual: [Double] = [
        1, 2, 5, 10, 20, 25, 40, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000,
        60_000, 120_000, 300_000, 600_000, 900_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000,
        14_400_000, 21_600_000, 28_800_000, 43_200_000, 86_400_000,
    ]
    /// How far, as a share, a usual period may be from the median to be meant.
    private static let tolerance = 0.1

    /// The period, in nanoseconds: the median of the differences above 0, brought to a usual one nearby; nil if
    /// there are too few, or if it is below a millisecond.
    ///
    /// The median does not heed a few gaps, bursts or equal times.
    static func period(differences: borrowing WindowTable, row: Int) -> Int64? {
        var sorted = InlineArray<29, Double>(repeating: 0)
        var count = 0
        for index in 0..<differenceCount {
            let difference = differences.value(row: row, tick: UInt64(index))
            guard difference > 0 else { continue }
            var place = count
            while place > 0 && sorted[place - 1] > difference {
                sorted[place] = sorted[place - 1]
                place -= 1
            }
            sorted[place] = difference
            count += 1
        }
        guard count >= leastDifferenceCount else { return nil }
        let median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
        return snapped(milliseconds: median / 1e6).map { Int64($0 * 1e6) }
    }

    /// A usual period within the tolerance, or else two significant digits of whole milliseconds.
    private static func snapped(milliseconds: Double) -> Double? {
        var nearest = usual[0]
        for candidate in usual where abs(log(candidate / milliseconds)) < abs(log(nearest / milliseconds)) {
            nearest = candidate
        }
        if abs(nearest / milliseconds - 1) <= tolerance { return nearest }
        guard milliseconds >= 1 else { return nil }
        let unit = max(1, pow(10, floor(log10(milliseconds)) - 1))
        return min((milliseconds / unit).rounded() * unit, 366 * 86_400_000)
    }
}
