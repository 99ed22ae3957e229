// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// A series as the model sees it: brought by the daemon's own rolling scale, from its first row on.
package struct ScaledSeries: Sendable {
    let values: [Double]
    /// The model's input at each row; NaN where there is no value.
    let inputs: [Float]
    /// The scale's deviation at each row.
    let deviations: [Double]

    /// What a target lies within, either way, in deviations.
    private let targetLimit: Double
    /// The mean change, in deviations, of a series so steady that nothing is to be gained on it.
    private static let changeFloor = 0.03

    /// Scales a series from its first row on.
    package init(_ series: Series, halfLife: Double, targetLimit: Double) {
        (values, self.targetLimit) = (series.values, targetLimit)
        var (inputs, deviations) = ([Float](), [Double]())
        inputs.reserveCapacity(values.count)
        deviations.reserveCapacity(values.count)
        let weight = RollingStatistics.weight(halfLife: halfLife)
        var statistics = RollingStatistics()
        for value in values {
            if value.isFinite, statistics.update(with: value, weight: weight) {
                inputs.append(statistics.scale.input(value))
            } else {
                inputs.append(.nan)
                // A value whose square overflows makes the daemon begin anew too.
                if value.isFinite { statistics = RollingStatistics() }
            }
            deviations.append(statistics.scale.deviation)
        }
        (self.inputs, self.deviations) = (inputs, deviations)
    }

    /// 1 / (the mean absolute target of each horizon in `rows` + a floor): what errors are multiplied by to be measured
    /// in those of repeating the last value.
    package func errorScales(in rows: Range<Int>, horizon: Int) -> [Float] {
        (1...horizon).map { ahead in
            var (sum, count) = (0.0, 0.0)
            for row in rows.clamped(to: 0..<max(0, values.count - ahead)) where inputs[row].isFinite {
                let change = abs(values[row + ahead] - values[row]) / deviations[row]
                if change.isFinite { (sum, count) = (sum + min(change, targetLimit), count + 1) }
            }
            return Float(1 / (sum / max(count, 1) + Self.changeFloor))
        }
    }

    /// Where windows can begin that lie, with what they are to forecast, within `rows` and miss no value.
    ///
    /// - Parameter length: A window's ticks and the horizon together.
    func windowStarts(in rows: Range<Int>, length: Int) -> [Int32] {
        var (starts, run) = ([Int32](), 0)
        for row in rows.clamped(to: 0..<values.count) {
            run = inputs[row].isFinite ? run + 1 : 0
            if run >= length { starts.append(Int32(row - length + 1)) }
        }
        return starts
    }

    /// Writes the window that begins at `start` into one lane, `[tick][lane]` and `[tick][horizon][lane]`.
    func fill(
        start: Int, ticks: Int, burnIn: Int, horizon: Int, lanes: Int,
        inputs inputLane: UnsafeMutablePointer<Float>, targets targetLane: UnsafeMutablePointer<Float>
    ) {
        precondition(start >= 0 && start + ticks + horizon <= values.count, "a window lies within its series")
        values.withUnsafeBufferPointer { values in
            for tick in 0..<ticks { inputLane[tick * lanes] = inputs[start + tick] }
            var target = targetLane
            for row in start + burnIn..<start + ticks {
                let (value, factor) = (values[row], 1 / deviations[row])
                for ahead in 1...horizon {
                    let change = (values[row + ahead] - value) * factor
                    target.pointee = Float(min(max(change, -targetLimit), targetLimit))
                    target += lanes
                }
            }
        }
    }
}
