// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the interval around a forecast came to, once the truth is known.
package struct IntervalOutcome {
    /// Whether it held the truth, its ends included.
    package let isHeld: Bool
    /// How wide it was.
    package let width: Double
    /// Its interval score (Winkler 1972): its width, and 2 / (1 - level) times by how much the truth lay outside.
    package let score: Double

    /// Takes the forecast minus the truth, and the interval's margins below and above the forecast, all in one unit.
    package init(error: Double, below: Double, above: Double, level: Double) {
        let outside = error > 0 ? error - below : -error - above
        isHeld = outside <= 0
        width = below + above
        score = width + max(0, outside) * 2 / (1 - level)
    }
}
