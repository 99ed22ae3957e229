// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

extension DecimalNumber {
    /// The nearest double, ties to even.
    ///
    /// - Throws: `notFinite` if it is too large.
    @inline(__always)
    func double() throws(DecodeError) -> Double {
        // Both factors are exact, so that the one operation rounds correctly (Clinger 1990).
        if !isTruncated && significand < 1 << 53 && exponent.magnitude <= 22 {
            let magnitude = Double(significand)
            let power = PowersOfTen.doubles[Int(exponent.magnitude)]
            let value = exponent < 0 ? magnitude / power : magnitude * power
            return isNegative ? -value : value
        }
        return try doubleOfLongNumber()
    }

    private func doubleOfLongNumber() throws(DecodeError) -> Double {
        if !isTruncated, let magnitude = Self.nearest(significand, timesTenTo: Int(exponent)) {
            return isNegative ? -magnitude : magnitude
        }
        let value = withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer in
            for index in 0..<text.count { buffer[index] = CChar(bitPattern: text[index]) }
            buffer[text.count] = 0
            return strtod(buffer.baseAddress!, nil)
        }
        guard value.isFinite else { throw .notFinite }
        return value
    }

    /// The double that is nearest to `significand` * 10^`power`; nil where 128 bits of the power do not tell,
    /// or the double is zero, subnormal or infinite.
    ///
    /// The algorithm is Eisel's and Lemire's (Lemire 2021, "Number parsing at a gigabyte per second").
    private static func nearest(_ significand: UInt64, timesTenTo power: Int) -> Double? {
        guard significand > 0, (PowersOfTen.exponents.lowerBound...308).contains(power) else { return nil }
        var factor = PowersOfTen.table[power - PowersOfTen.exponents.lowerBound]
        let isRoundedDown = !(-27...55).contains(power)
        if isRoundedDown {  // as the algorithm wants it; the table rounds up
            let (low, borrow) = factor.low.subtractingReportingOverflow(1)
            factor = (factor.high - (borrow ? 1 : 0), low)
        }
        let shift = significand.leadingZeroBitCount
        let shifted = significand << UInt64(shift)
        var (high, low) = shifted.multipliedFullWidth(by: factor.high)
        if high & 0x1FF == 0x1FF {  // the lower half of the power may matter
            let (sum, carry) = low.addingReportingOverflow(shifted.multipliedFullWidth(by: factor.low).high)
            (high, low) = (high + (carry ? 1 : 0), sum)
        }
        if low == .max && isRoundedDown { return nil }
        let topBit = Int(high >> 63)
        let below = UInt64(topBit + 9)  // bits below the 53 of a double and one to round by
        var bits = high >> below
        if low <= 1 && (-4...23).contains(power) && bits & 3 == 1 && bits << below == high {
            bits -= 1  // exactly between two doubles: to the even one
        }
        bits = (bits + (bits & 1)) >> 1
        let carry = bits >> 53
        let logarithm = (power * 217_706) >> 16  // floor(log2(10^power))
        let exponent = logarithm + 63 + topBit - shift + Int(carry) + 1023
        guard (1..<0x7FF).contains(exponent) else { return nil }
        return Double(
            sign: .plus, exponentBitPattern: UInt(exponent),
            significandBitPattern: (bits >> carry) & (1 << 52 - 1))
    }
}
