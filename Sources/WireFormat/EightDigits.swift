// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Eight bytes in one word, the first one lowest, read and written as decimal digits all at once.
enum EightDigits {
    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// How many bytes of `word`, counted from the first, are digits without a gap.
    @inline(__always)
    static func count(_ word: UInt64) -> Int {
        // A digit is 0...9 now, and stays below 0x80 when 0x76 is added; anything else does not. What is carried
        // into the next byte comes from a byte that is no digit, behind which nothing counts.
        let digits = word ^ zeros
        let others = (digits &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
        return others.trailingZeroBitCount / 8
    }

    /// The number that the first `count` bytes of `word`, all digits, say; `count` is 0 to 8.
    @inline(__always)
    static func value(_ word: UInt64, count: Int) -> UInt64 {
        // Zeros move in before the first digit. Then neighbours join: ones to pairs to fours to eight.
        let digits = (word ^ zeros) << UInt64(64 - 8 * count)
        let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10_000 &+ fours >> 32) & 0xFFFF_FFFF
    }

    /// The digits of `value`, below 10^8, with zeros in front: the inverse of `value`.
    @inline(__always)
    static func word(_ value: UInt64) -> UInt64 {
        // Eight to fours to pairs to ones, the left one of two neighbours in the lower half. Multiplying and
        // shifting divides by 100 and by 10, exactly for numbers of four and of two digits.
        let fours = value / 10_000 | (value % 10_000) << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let pairs = hundreds | (fours &- hundreds &* 100) << 16
        let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
        return (tens | (pairs &- tens &* 10) << 8) | zeros
    }

    /// The last `length` of the eight digits of `value`, then bytes of 0.
    @inline(__always)
    static func word(_ value: UInt64, length: Int) -> UInt64 {
        word(value) >> UInt64(truncatingIfNeeded: 64 &- 8 &* length)
    }

    /// How many digits `value` has.
    @inline(__always)
    static func length(_ value: UInt64) -> Int {
        var length = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            length += 4
        }
        return length + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    /// Writes `value`, below 10^`length`, as `length` digits, 1 to 24, with zeros in front.
    ///
    /// Up to seven bytes behind the last digit change as well.
    @inline(__always)
    static func write(_ value: UInt64, length: Int, to bytes: UnsafeMutableRawPointer) {
        guard length > 8 else { return store(word(value, length: length), to: bytes) }
        let (upper, lower) = value.quotientAndRemainder(dividingBy: 100_000_000)
        if length > 16 {
            let (top, middle) = upper.quotientAndRemainder(dividingBy: 100_000_000)
            store(word(top, length: length - 16), to: bytes)
            store(word(middle), to: bytes + (length - 16))
        } else {
            store(word(upper, length: length - 8), to: bytes)
        }
        store(word(lower), to: bytes + (length - 8))
    }

    /// Writes the eight bytes of `word`, the lowest one first.
    @inline(__always)
    static func store(_ word: UInt64, to bytes: UnsafeMutableRawPointer) {
        bytes.storeBytes(of: word.littleEndian, as: UInt64.self)
    }
}
