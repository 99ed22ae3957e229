// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Monitoring
import Testing

/// Rates and stalled threads, by a clock that is an argument.
@Suite struct ProgressTests {
    let start = ContinuousClock.now

    @Test func ratesAreOverTheLastSeconds() {
        var progress = Progress()
        #expect(progress.rates == nil)
        for second in 0...9 {
            let report = ServiceTests.report { report in
                report.inputs[0].observations = UInt64(second < 5 ? 0 : 100 * (second - 4))
                report.outputs[0].published = UInt64(10 * second)
                report.inputs[1].undecodable[0] = UInt64(second)
            }
            progress.add(report, at: start + .seconds(second))
        }
        // Samples of the seconds 4 to 9.
        #expect(progress.rates?.observations == 100)
        #expect(progress.rates?.forecasts == 10)
        #expect(progress.rates?.drops == 1)
    }

    @Test func aThreadWithoutTurnsIsNamed() {
        var progress = Progress()
        // The first look begins, however long the start took.
        #expect(progress.stalled(turnCounts: [0, 0, 0], at: start + .seconds(1)) == nil)
        #expect(progress.stalled(turnCounts: [1, 5, 1], at: start + .seconds(11)) == nil)
        #expect(progress.stalled(turnCounts: [2, 5, 2], at: start + .seconds(21)) == nil)
        let stalled = progress.stalled(turnCounts: [3, 5, 3], at: start + .seconds(22))
        #expect(stalled?.thread == 1 && stalled?.time == .seconds(11))
        #expect(progress.stalled(turnCounts: [3, 6, 3], at: start + .seconds(23)) == nil)
    }

    /// After the machine stood still, a look finds that the threads went on.
    @Test func aLongPauseIsNoStall() {
        var progress = Progress()
        #expect(progress.stalled(turnCounts: [1], at: start) == nil)
        #expect(progress.stalled(turnCounts: [5], at: start + .seconds(3600)) == nil)
    }
}
