// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
import SwiftOverlayShims  // where the importer puts timespec

/// The machine's clock, the only place where the daemon reads the time of day.
package enum WallClock {
    /// The time of day, UTC.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
