// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc

/// How fast what was is gone through once more.
package struct ReplayPace: Sendable {
    /// Seconds of then per second of now; nil for as fast as possible.
    private let factor: Double?
    private var begin: (then: Timestamp, now: ContinuousClock.Instant)?

    package init(factor: Double?) { self.factor = factor }

    /// Waits until the moment has come that was `then`; the first one is now.
    mutating func wait(until then: Timestamp) {
        guard let factor else { return }
        guard let begin else { return self.begin = (then, .now) }
        let due = begin.now + .seconds(then.seconds(since: begin.then) / factor)
        while ContinuousClock.now < due {
            let left: Duration = due - .now
            usleep(UInt32(min(1e5, max(1, left / .microseconds(1)))))
        }
    }
}
