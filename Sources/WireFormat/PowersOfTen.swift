// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// 10^k for -292 ≤ k ≤ 324 as 128 bits, normalised so that the top bit is set and rounded up.
///
/// The table is computed when it is first used, in about a millisecond, from exact integers: 10^k by
/// multiplying, 2^1280 / 10^k by dividing (a floor of a floor is the floor of the whole).
struct PowersOfTen {
    /// The exponents of the table.
    static let exponents = -292...324
    /// The upper and the lower 64 bits, one pair for each of `exponents`.
    static let table = PowersOfTen().pairs

    /// The powers from 10^0 that fit in 64 bits.
    static let integers: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
        10_000_000_000_000_000_000,
    ]
    /// The powers from 10^0 that are doubles exactly.
    static let doubles: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private var pairs: [(high: UInt64, low: UInt64)] = []

    private init() {
        var limbs = [UInt32](repeating: 0, count: 40) + [1]  // 2^1280
        for _ in 1...(-Self.exponents.lowerBound) {
            var rest: UInt64 = 0
            for index in limbs.indices.reversed() {
                let part = rest << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / 10)
                rest = part % 10
            }
            // No power of two is a multiple of ten, so that there always is a rest to round up.
            pairs.append(Self.top(limbs, hasRest: true))
        }
        pairs.reverse()
        limbs = [1] + [UInt32](repeating: 0, count: 40)  // 10^0
        pairs.append(Self.top(limbs, hasRest: false))
        for _ in 1...Self.exponents.upperBound {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let part = UInt64(limbs[index]) * 10 + carry
                limbs[index] = UInt32(truncatingIfNeeded: part)
                carry = part >> 32
            }
            pairs.append(Self.top(limbs, hasRest: false))
        }
    }

    /// The highest 128 bits of a number given by 32-bit limbs, rounded up.
    private static func top(_ limbs: [UInt32], hasRest: Bool) -> (high: UInt64, low: UInt64) {
        let highest = limbs.lastIndex { $0 != 0 }!
        let length = 32 * highest + 32 - limbs[highest].leadingZeroBitCount
        func bit(_ index: Int) -> UInt64 {
            index < 0 ? 0 : UInt64(limbs[index / 32] >> UInt32(index % 32) & 1)
        }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in 1...64 {
            high = high << 1 | bit(length - index)
            low = low << 1 | bit(length - 64 - index)
        }
        let below = (0..<max(0, length - 128)).contains { bit($0) != 0 }
        guard hasRest || below else { return (high, low) }
        let (sum, carry) = low.addingReportingOverflow(1)
        return (high + (carry ? 1 : 0), sum)
    }
}
