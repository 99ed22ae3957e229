// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing

struct SilenceClockTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }

    @Test func aStopIsNotTakenForSilence() {
        var clock = SilenceClock()
        // The turn's time, and whether silence may be found in it.
        let turns: [(Int64, Bool)] = [
            (5000, true), (6000, true), (8000, true), (11_000, false), (11_900, false), (12_000, true),
            (11_000, false), (11_500, false), (12_000, true),
        ]
        for (time, isAllowed) in turns { #expect(clock.allowsSilence(at: at(time)) == isAllowed, "\(time)") }
    }

    @Test func aBusyLoopNoticesSilenceAfterASecond() {
        var clock = SilenceClock()
        // The turn's time, whether it is busy, and whether silence may be found in it.
        let turns: [(Int64, Bool, Bool)] = [
            (5000, false, true), (5100, true, false), (5900, true, false), (6099, true, false),
            (6100, true, true), (6200, true, true), (6300, false, true), (6400, true, false),
            (7399, true, false), (7400, true, true), (7300, true, false), (8299, true, false),
            (8300, true, true), (12_000, true, false), (13_000, true, true),
        ]
        for (time, isBusy, isAllowed) in turns {
            #expect(clock.allowsSilence(at: at(time), isBusy: isBusy) == isAllowed, "\(time)")
        }
    }

    @Test func theLoopSleepsUpToTheNearestDeadline() {
        var clock = SilenceClock()
        _ = clock.allowsSilence(at: at(1000))
        #expect(clock.sleep(atMost: 500, until: nil, at: at(1000)) == 500)
        #expect(clock.sleep(atMost: 1_000_000_000, until: at(1250), at: at(1000)) == 250_000_000)
        #expect(clock.sleep(atMost: 1_000_000_000, until: at(900), at: at(1000)) == 0)
        _ = clock.allowsSilence(at: at(4000))
        #expect(clock.sleep(atMost: 2_000_000_000, until: at(900), at: at(4000)) == 1_000_000_000)
    }
}
