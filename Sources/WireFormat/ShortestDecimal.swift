// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The shortest decimal number that reads back as the same floating-point number, and of those the nearest.
///
/// The algorithm is Schubfach (Giulietti 2020, "The Schubfach way to render doubles"): the number and the
/// borders of its rounding interval, each times 4, are scaled by one power of ten and rounded to odd; what
/// falls between the borders with one digit less is tried first.
struct ShortestDecimal: Equatable {
    /// The digits, without trailing zeros.
    var digits: UInt64
    /// The power of ten that `digits` is multiplied by.
    var exponent: Int

    /// The decimal number for a double.
    ///
    /// `value` is finite and above 0.
    init(_ value: Double) {
        self.init(
            significand: value.significandBitPattern, exponent: Int(value.exponentBitPattern), bits: 52,
            bias: 1075
        ) { power, shifted in
            // The upper 64 of the 192 bits of power * shifted, the lowest one set if any bit below is.
            let low = power.low.multipliedFullWidth(by: shifted)
            let high = power.high.multipliedFullWidth(by: shifted)
            let (middle, carry) = high.low.addingReportingOverflow(low.high)
            return (high.high + (carry ? 1 : 0)) | (middle > 1 ? 1 : 0)
        }
    }

    /// The decimal number for a float.
    ///
    /// `value` is finite and above 0.
    init(_ value: Float) {
        self.init(
            significand: UInt64(value.significandBitPattern), exponent: Int(value.exponentBitPattern),
            bits: 23,
            bias: 150
        ) { power, shifted in
            // The upper 32 of the 96 bits of power * shifted, likewise; 64 bits of the power are enough.
            let product = (power.high + (power.low > 0 ? 1 : 0)).multipliedFullWidth(by: shifted)
            return product.high | (product.low >> 32 > 1 ? 1 : 0)
        }
    }

    @inline(__always)
    private init(
        significand: UInt64, exponent: Int, bits: Int, bias: Int,
        roundToOdd: (_ power: (high: UInt64, low: UInt64), _ shifted: UInt64) -> UInt64
    ) {
        let isNormal = exponent != 0
        let c = isNormal ? significand | 1 << UInt64(bits) : significand
        let q = (isNormal ? exponent : 1) - bias
        if q <= 0 && q > -bits - 1 && c & (1 << UInt64(-q) - 1) == 0 {
            (digits, self.exponent) = (c >> UInt64(-q), 0)  // an integer
            removeTrailingZeros()
            return
        }
        let isEven = c & 1 == 0
        // Just above a power of two the lower neighbour is only half as far away.
        let isLowerCloser = significand == 0 && exponent > 1
        let k = (q * 1_262_611 - (isLowerCloser ? 524_031 : 0)) >> 22  // floor(log10(…))
        let h = UInt64(q + ((-k * 1_741_647) >> 19) + 1)
        let power = PowersOfTen.table[-k - PowersOfTen.exponents.lowerBound]
        let lower = roundToOdd(power, (4 * c - 2 + (isLowerCloser ? 1 : 0)) << h) + (isEven ? 0 : 1)
        let middle = roundToOdd(power, 4 * c << h)
        let upper = roundToOdd(power, (4 * c + 2) << h) - (isEven ? 0 : 1)
        let s = middle / 4
        if s >= 10 {
            let shorter = s / 10
            let isBelowInside = lower <= 40 * shorter
            let isAboveInside = 40 * shorter + 40 <= upper
            if isBelowInside != isAboveInside {
                (digits, self.exponent) = (shorter + (isAboveInside ? 1 : 0), k + 1)
                removeTrailingZeros()
                return
            }
        }
        let isBelowInside = lower <= 4 * s
        let isAboveInside = 4 * s + 4 <= upper
        if isBelowInside != isAboveInside {
            digits = s + (isAboveInside ? 1 : 0)
        } else {
            let tie = 4 * s + 2
            digits = s + (middle > tie || (middle == tie && s & 1 == 1) ? 1 : 0)
        }
        self.exponent = k
        removeTrailingZeros()
    }

    private mutating func removeTrailingZeros() {
        while digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
    }
}
