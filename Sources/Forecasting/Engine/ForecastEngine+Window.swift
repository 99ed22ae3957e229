// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What a stream's rolling window says, for those who look at it.
extension ForecastEngine {
    /// What the observed values in the window of the stream in `slot` come to.
    ///
    /// - Returns: Nil if the stream's rule keeps no window, or no value in it was observed.
    public func windowStatistics(of slot: UInt32) -> WindowStatistics? {
        guard let window = window(of: slot), let minimum = window.minimum, let maximum = window.maximum else {
            return nil
        }
        let (mean, deviation) = window.meanAndDeviation
        return WindowStatistics(
            count: window.observedCount, mean: mean, deviation: deviation, minimum: minimum, maximum: maximum)
    }

    /// The value that `share`, 0 to 1, of the observed values in the window of the stream in `slot` lie below.
    ///
    /// As NumPy's `quantile` defines it: with n values in order, numbered from 0, it lies at share (n - 1), on the
    /// straight line between the two next to that.
    ///
    /// - Returns: Nil where `windowStatistics` is.
    public func windowQuantile(_ share: Double, of slot: UInt32) -> Double? {
        window(of: slot)?.quantile(share)
    }

    /// The ticks in the window of the stream in `slot`, the oldest first; none if its rule keeps no window.
    public func windowTicks(of slot: UInt32) -> [WindowTick] {
        guard let window = window(of: slot) else { return [] }
        return stride(from: window.count, to: 0, by: -1).map { back in
            let value = window.value(back: back)
            return value.isNaN ? .empty : window.isObserved(back: back) ? .observed(value) : .imputed(value)
        }
    }

    private func window(of slot: UInt32) -> RollingWindow? {
        let rule = records[Int(slot)].rule
        return plan.rules[rule].time.windowLength > 0 ? windows[slot: slot, rule: rule] : nil
    }
}
