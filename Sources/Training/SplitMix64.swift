// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A small seeded source of random numbers (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
/// generators").
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// Begins with `seed`.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the uniform distribution from 0 to below 1.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution (Box and Muller 1958).
    package mutating func normal() -> Double {
        (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
    }
}
