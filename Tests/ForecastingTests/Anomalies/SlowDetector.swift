// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The score as `Documentation/Anomalies.md` has it, written down equation by equation, with all values kept.
struct SlowDetector {
    let falseAlarms: Double
    let season: Int
    var values: [Double] = []
    var sizes: [Double] = []
    var residualCount = 0
    var (center, scale) = (0.0, 0.0)
    var levels: [Double] = []
    var (lower, upper) = (0.0, 0.0)

    init(falseAlarms: Double, season: Int) {
        (self.falseAlarms, self.season) = (falseAlarms, season)
    }

    /// u and ξ after all sizes so far.
    private func tail() -> (u: Double, index: Double) {
        var (u, index, exceeding) = (3.0, 0.3, 10.0)
        for (number, size) in sizes.enumerated() {
            let rate = max(0.05, 1 / (1 + 0.02 * Double(number + 1)))
            if size > u {
                exceeding = min(exceeding + 1, 100)
                let most = index * max(3, log(0.02 / falseAlarms))
                index = min(max(index + (min(log(size / u), most) - index) / exceeding, 0.05), 1)
                u *= exp(rate * 0.98)
            } else {
                u *= exp(-rate * 0.02)
            }
        }
        return (u, index)
    }

    /// The score of a value, with the forecast made for it.
    mutating func score(_ value: Double, forecast: Double?) -> Double {
        let scores = [forecast.map { residualScore(value, $0) } ?? Double.nan, levelScore(value)]
        return scores.filter { !$0.isNaN }.max().map { min($0, 1000) } ?? .nan
    }

    private mutating func residualScore(_ value: Double, _ forecast: Double) -> Double {
        let difference = value - forecast - center
        let size = abs(difference) / max(scale, 1e-9 * abs(value), .leastNormalMagnitude)
        let (u, index) = tail()
        let threshold = u * pow(0.02 / falseAlarms, index)
        let isKnown = residualCount >= max(100, season)
        if residualCount >= 16 { sizes.append(size) }
        residualCount += 1
        let weight = max(1 - pow(2, -1 / Double(max(200, season))), 1 / Double(residualCount))
        let share = isKnown ? min(1, threshold / size) : 1
        center += weight * share * difference
        scale = (1 - weight) * scale + weight * share * abs(difference)
        return isKnown ? size / threshold : .nan
    }

    private mutating func levelScore(_ value: Double) -> Double {
        values.append(value)
        let median = values.count < 3 ? value : values.suffix(3).sorted()[1]
        let weight = max(1 - pow(2, -0.1), 1 / Double(values.count))
        levels.append((levels.last ?? median) * (1 - weight) + weight * median)
        let level = levels[levels.count - 1]
        if values.count == 1 { (lower, upper) = (level, level) }
        let reach = -0.12 * log(falseAlarms) * max(upper - lower, .leastNormalMagnitude)
        let score = max(level - upper, lower - level, 0) / reach
        let isKnown = values.count > max(100, season)
        let open = min(
            1,
            (1 - pow(2, -1 / max(50, Double(season) / 8))) * max(1, 100 / Double(values.count)))
        func step(_ edge: Double, outside: Bool) -> Double {
            let distance = isKnown ? min(max(level - edge, -3 * reach), 3 * reach) : level - edge
            return edge + (outside ? open : open / 30) * distance
        }
        (lower, upper) = (step(lower, outside: level < lower), step(upper, outside: level > upper))
        return isKnown ? score : .nan
    }
}
