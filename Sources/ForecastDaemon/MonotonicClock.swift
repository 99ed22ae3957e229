// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftOverlayShims  // where the importer puts timespec

/// A clock that nobody sets, to measure with; reading it takes some 25 ns.
package enum MonotonicClock {
    /// Nanoseconds since the machine began.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
