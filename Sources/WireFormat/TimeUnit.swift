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

    /// The unit in nanoseconds.
    private var length: Int64 {
        switch self {
        case .s: 1_000_000_000
        case .ms: 1_000_000
        case .us: 1000
        case .ns: 1
        }
    }

    /// The time that `number` says, exact to the nanosecond.
    func timestamp(_ number: DecimalNumber) throws(DecodeError) -> Timestamp {
        guard let nanoseconds = number.integer(timesTenTo: power) else { throw .timestamp }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// The time that is `count` units.
    func timestamp(_ count: Int64) throws(DecodeError) -> Timestamp {
        let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow else { throw .timestamp }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// The time that is `count` units, rounded to the microsecond (in nanoseconds, to the nanosecond).
    ///
    /// A double of today has steps of a quarter of a microsecond, whatever the unit: 1700000000.1 s lies 95 ns
    /// below what its sender meant, and a grid of 100 ms would put it into the wrong place.
    func timestamp(_ count: Double) throws(DecodeError) -> Timestamp {
        let (scale, length): (Double, Int64) =
            switch self {
            case .s: (1e6, 1000)
            case .ms: (1e3, 1000)
            case .us: (1, 1000)
            case .ns: (1, 1)
            }
        let scaled = count * scale
        guard scaled.magnitude < 0x1p63 else { throw .timestamp }  // not for NaN either
        // Adding a half before would round odd numbers above 2^52 up.
        let whole = Int64(scaled)
        let rest = scaled - Double(whole)
        let rounded = whole &+ (rest >= 0.5 ? 1 : 0) &- (rest <= -0.5 ? 1 : 0)
        let (nanoseconds, overflow) = rounded.multipliedReportingOverflow(by: length)
        guard !overflow else { throw .timestamp }
        return Timestamp(nanoseconds: nanoseconds)
    }
}
