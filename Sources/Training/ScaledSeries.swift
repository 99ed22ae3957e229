// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// A series as the model sees it: brought by the daemon's own rolling scale, from its first row on.
struct ScaledSeries: Sendable {
    let values: [Double]
    /// The model's input at each row; NaN where there is no value.
    let inputs: [Float]
    /// The scale's deviation at each row.
    let deviations: [Double]

    /// What a target lies within, either way, in deviations.
    static let targetLimit = 8.0

    init(_ series: Series, halfLife: Double) {
        values = series.values
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
                    target.pointee = Float(min(max(change, -Self.targetLimit), Self.targetLimit))
                    target += lanes
                }
            }
        }
    }
}
