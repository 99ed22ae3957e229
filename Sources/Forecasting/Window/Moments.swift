// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Count, mean and sum of squared deviations of some values, which can be joined with those of others.
///
/// The mean has a low part, so that deviations from it keep their digits where they are small beside it. Chan, Golub
/// and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances".
struct Moments {
    var count = 0.0
    var mean = 0.0
    /// What the mean is more than `mean`.
    var rest = 0.0
    /// The sum of squared deviations from the mean.
    var squares = 0.0

    /// Sums nothing up.
    init() {}

    /// Sums up those of 64 values whose bit of `mask` is set; fewer are enough if the bits of the others are not.
    init(of values: UnsafePointer<Double>, mask: UInt64) {
        if mask == .max {
            self.init(rows: 8, of: values)
            sumSquares(rows: 8, of: values)
            return
        }
        self.init()
        guard mask != 0 else { return }
        self = withUnsafeTemporaryAllocation(of: Double.self, capacity: 64) { some in
            some.initialize(repeating: 0)
            let chosen = some.baseAddress!
            var (count, bits) = (0, mask)
            while bits != 0 {
                chosen[count] = values[bits.trailingZeroBitCount]
                count += 1
                bits &= bits - 1
            }
            let rowCount = (count + 7) / 8
            var moments = Moments(rows: rowCount, of: chosen, count: count)
            // What fills up the last row has no deviation.
            for index in count..<8 * rowCount { chosen[index] = moments.mean }
            moments.sumSquares(rows: rowCount, of: chosen)
            return moments
        }
    }

    /// Begins with the mean of `count` values, after which there are zeros up to whole rows of eight.
    private init(rows rowCount: Int, of values: UnsafePointer<Double>, count: Int = 64) {
        var sums = SIMD8<Double>.zero
        for row in 0..<rowCount { sums += Self.row(row, of: values) }
        self.count = Double(count)
        mean = sums.sum() / self.count
    }

    private mutating func sumSquares(rows rowCount: Int, of values: UnsafePointer<Double>) {
        var sums = SIMD8<Double>.zero
        var squareSums = SIMD8<Double>.zero
        for row in 0..<rowCount {
            let deviations = Self.row(row, of: values) - SIMD8(repeating: mean)
            sums += deviations
            squareSums += deviations * deviations
        }
        rest = sums.sum() / count
        squares = squareSums.sum() - rest * rest * count
    }

    @inline(__always)
    private static func row(_ row: Int, of values: UnsafePointer<Double>) -> SIMD8<Double> {
        UnsafeRawPointer(values + 8 * row).loadUnaligned(as: SIMD8<Double>.self)
    }

    /// Joins with `other`, whose values are others.
    func joined(with other: Moments) -> Moments {
        if count == 0 { return other }
        if other.count == 0 { return self }
        var all = Moments()
        all.count = count + other.count
        let difference = (other.mean - mean) + (other.rest - rest)
        let step = difference * (other.count / all.count)
        all.mean = mean + step
        // What the addition rounded off.
        let taken = all.mean - mean
        all.rest = rest + ((mean - (all.mean - taken)) + (step - taken))
        all.squares = squares + other.squares + difference * step * count
        return all
    }

    /// The mean squared deviation.
    var variance: Double { max(squares, 0) / count }
}
