// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The regular time line of a stream: tick k begins k periods after 1970-01-01T00:00:00Z and ends where the
/// next one begins.
struct Grid {
    /// Nanoseconds from tick to tick, above 0.
    let period: Int64

    /// The number of the tick that `time` lies in.
    func tick(of time: Timestamp) -> Int64 {
        let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: period)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// When tick number `tick` begins.
    func start(of tick: Int64) -> Timestamp { Timestamp(nanoseconds: tick * period) }

    /// The times that a grid has ticks for: the years 1824 to 2116, so that sums of them do not overflow.
    static let range = Timestamp(nanoseconds: -(1 << 62))...Timestamp(nanoseconds: 1 << 62)
    /// Why an observation of this time is not taken where only such times are reckoned with, if it is not.
    static func refusal(of time: Timestamp) -> Refusal? {
        if time < range.lowerBound { return .late }
        return time > range.upperBound ? .ahead : nil
    }

    /// The longest time that may pass without an observation and be told apart from a longer one.
    static let longestSilence: Int64 = 1 << 61
}
