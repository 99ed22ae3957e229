// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What was read of one object of a message so far.
struct ObjectReading {
    var time: Timestamp?
    var value: Double?
    var hasValues = false
}
