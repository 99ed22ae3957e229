// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How times are written.
public enum TimeFormat: String, CaseIterable, Sendable {
    /// `"2026-11-23T06:59:40.250Z"`.
    case rfc3339
    /// Seconds since 1970-01-01T00:00:00Z, with decimals where there are any.
    case s
    /// Milliseconds, likewise.
    case ms
    /// Microseconds, likewise.
    case us
    /// Nanoseconds.
    case ns
}
