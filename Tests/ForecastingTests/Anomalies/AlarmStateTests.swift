// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

struct AlarmStateTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var debounce: Int
        /// `x` is a score above 1, `.` one of at most 1.
        var scores: String
        /// `B` begins, `E` ends, `+` on, `-` off.
        var alarms: String
        var testDescription: String { "\(scores) by \(debounce)" }
    }

    @Test(arguments: [
        Example(debounce: 1, scores: "..x.xx..", alarms: "--BEB+E-"),
        Example(debounce: 2, scores: "x.x.xx.x..x", alarms: "-----B+++E-"),
        Example(debounce: 3, scores: "xx.xxx..x...xxx", alarms: "-----B+++++E--B"),
    ]) func asManyInARowChangeIt(_ example: Example) {
        var state = AlarmState()
        let alarms = example.scores.map { score in
            switch state.take(score == "x" ? 1.5 : 1, debounce: example.debounce) {
            case .off: "-"
            case .begins: "B"
            case .on: "+"
            case .ends: "E"
            }
        }
        #expect(alarms.joined() == example.alarms)
        #expect(state.changes == UInt64(example.alarms.filter { "BE".contains($0) }.count))
    }

    @Test func endingEndsOnlyWhatIsOn() {
        var state = AlarmState()
        #expect(state.end() == .off && state.changes == 0)
        _ = state.take(2, debounce: 1)
        #expect(state.end() == .ends && state.changes == 2 && !state.isOn)
    }
}
