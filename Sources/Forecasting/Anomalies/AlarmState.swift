// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Whether a stream's alarm is on; all bits zero before the first score.
package struct AlarmState: BitwiseCopyable {
    package private(set) var isOn = false
    /// Scores in a row that speak for the other state.
    private var run = 0
    /// Begins and ends so far.
    package private(set) var changes: UInt64 = 0

    /// No score has come.
    package init() {}

    /// An alarm that is off, after so many begins and ends.
    init(changes: UInt64) { self.changes = changes }

    /// Takes in a score; the alarm changes when as many in a row as `debounce` say so.
    package mutating func take(_ score: Double, debounce: Int) -> Forecast.Alarm {
        run = (score > 1) == isOn ? 0 : run + 1
        return run < debounce ? current : change()
    }

    /// Ends the alarm, if it is on.
    package mutating func end() -> Forecast.Alarm { isOn ? change() : .off }

    /// What is said of a tick that says nothing of the alarm.
    var current: Forecast.Alarm { isOn ? .on : .off }

    private mutating func change() -> Forecast.Alarm {
        isOn.toggle()
        run = 0
        changes += 1
        return isOn ? .begins : .ends
    }
}
