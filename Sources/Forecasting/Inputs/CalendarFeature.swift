// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the calendar says of a time, as an angle: its sine and cosine are two inputs of a model.
public enum CalendarFeature: String, Sendable, CaseIterable {
    /// The time of day, a full turn per day.
    case hour
    /// The time since Monday, 0 o'clock, a full turn per week.
    case weekday
    /// The time since 1 January, 0 o'clock, a full turn per year, leap or not.
    case yearday

    /// Where the time stands, as clocks and calendars in `zone` show it, 0 up to 1.
    ///
    /// The hour that clocks leave out or show twice is left out or stands there twice here, too.
    public func position(at time: Timestamp, in zone: TimeZoneOffsets) -> Double {
        let second: Int64 = 1_000_000_000
        let seconds = Self.floor(time.nanoseconds, second)
        let local = seconds + zone.offset(at: seconds)
        let day = Self.floor(local, 86_400)
        let fraction = Double(time.nanoseconds - seconds * second) * 1e-9
        let timeOfDay = (Double(local - day * 86_400) + fraction) / 86_400
        switch self {
        case .hour: return timeOfDay
        case .weekday:
            let monday = day + 3  // 1 January 1970 was a Thursday
            return (Double(monday - 7 * Self.floor(monday, 7)) + timeOfDay) / 7
        case .yearday:
            let (dayOfYear, length) = Self.dayOfYear(day)
            return (Double(dayOfYear) + timeOfDay) / Double(length)
        }
    }

    /// The sine and the cosine of the position.
    public func angle(at time: Timestamp, in zone: TimeZoneOffsets) -> (sine: Double, cosine: Double) {
        let angle = 2 * Double.pi * position(at: time, in: zone)
        return (sin(angle), cos(angle))
    }

    /// The number of a day within its year, from 0, and the days of that year.
    private static func dayOfYear(_ day: Int64) -> (day: Int64, length: Int64) {
        func firstDay(_ year: Int64) -> Int64 {
            let before = year - 1
            return 365 * (year - 1970) + floor(before, 4) - floor(before, 100) + floor(before, 400) - 477
        }
        var year = 1970 + floor(day * 400, 146_097)
        // The mean length of a year can be a day beside the truth.
        if day < firstDay(year) { year -= 1 } else if day >= firstDay(year + 1) { year += 1 }
        return (day - firstDay(year), firstDay(year + 1) - firstDay(year))
    }

    private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
