// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The unit of times that are given as numbers since 1970-01-01T00:00:00Z.
public enum TimeUnit: String, CaseIterable, Sendable {
    /// Seconds.
    case s
    /// Milliseconds.
    case ms
    /// Microseconds.
    case us
    /// Nanoseconds.
    case ns

    /// 10 to this power is the unit in nanoseconds.
    var power: Int {
        switch self {
        case .s: 9
        case .ms: 6
        case .us: 3
        case .ns: 0
        }
    }

    /// The time that `number` says, exact to the nanosecond.
    func timestamp(_ number: DecimalNumber) throws(DecodeError) -> Timestamp {
        guard let nanoseconds = number.integer(timesTenTo: power) else { throw .timestamp }
        return Timestamp(nanoseconds: nanoseconds)
    }
}
