// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// A message that a generator sends, or would have.
package enum GeneratedMessage: Sendable, Equatable {
    /// An observation of a stream.
    case observation(stream: String, Observation)
    /// A message of a stream that was lost on its way: its number is used up.
    case lost(stream: String)
    /// Frames that are no good message.
    case corrupt([[UInt8]])
}

/// Where a generator's messages come from.
package protocol MessageSource {
    /// What it is, for a person.
    var summary: String { get }

    /// When the next messages are due; nil after the last.
    mutating func nextDue() throws(DaemonError) -> ContinuousClock.Instant?

    /// The messages that are due.
    ///
    /// - Parameter now: The time of day.
    mutating func messages(at now: Timestamp) throws(DaemonError) -> [GeneratedMessage]
}

/// Instants at equal intervals.
package struct Schedule {
    private let interval: Duration
    private var last: ContinuousClock.Instant?

    /// Makes a schedule whose instants lie `interval` apart, a second's beginning among them.
    package init(every interval: Duration) { self.interval = interval }

    /// The next instant.
    ///
    /// Those that lie more than a second back are left out.
    package mutating func next() -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        if let last, last + interval > now - .seconds(1) {
            self.last = last + interval
            return last + interval
        }
        let sinceSecond = Duration.nanoseconds(WallClock.now().nanoseconds % 1_000_000_000)
        let begin = now - sinceSecond
        let first = begin + interval * (Int(sinceSecond / interval) + 1)
        last = first
        return first
    }
}
