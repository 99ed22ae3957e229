// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// When a loop may take silence for silence.
///
/// After a turn that came much later than planned, because the process or the machine stood still or the clock was
/// set, values may be on their way that simply have not been taken in: for a second nothing is called silent.
package struct SilenceClock {
    private var lastTurn: Timestamp?
    private var resumption = Timestamp(nanoseconds: .min)
    /// The first of the busy turns that lead up to the last turn.
    private var busySince: Timestamp?

    /// Nanoseconds between turns that show a stop: loops sleep for one second at most.
    private static let longestTurn: Int64 = 2_000_000_000
    /// Nanoseconds that senders are given after a stop, and a busy loop to take in what waits.
    private static let respite: Int64 = 1_000_000_000

    /// Begins before the first turn.
    package init() {}

    /// Begins with streams that were kept: what was sent while nobody listened is on its way.
    package init(respiteFrom now: Timestamp) {
        resumption = Timestamp(nanoseconds: now.nanoseconds + Self.respite)
    }

    /// Whether streams may be found silent in a turn at `now`; to be asked in every turn.
    ///
    /// - Parameter isBusy: Whether values may wait that this turn has not taken in. They are given a second too: a
    ///   loop that is always busy would never notice silence.
    package mutating func allowsSilence(at now: Timestamp, isBusy: Bool = false) -> Bool {
        let elapsed = lastTurn.map { now.seconds(since: $0) * 1e9 } ?? 0
        lastTurn = now
        if elapsed < 0 || elapsed > Double(Self.longestTurn) {
            resumption = Timestamp(nanoseconds: now.nanoseconds + Self.respite)
        }
        guard isBusy else {
            busySince = nil
            return now >= resumption
        }
        let begin = min(busySince ?? now, now)
        busySince = begin
        return now >= resumption && now.nanoseconds - begin.nanoseconds >= Self.respite
    }

    /// Nanoseconds that a loop may sleep at `now`, of at most `limit`, with something due at `deadline`.
    package func sleep(atMost limit: Int64, until deadline: Timestamp?, at now: Timestamp) -> Int64 {
        guard let deadline else { return limit }
        let remaining = max(deadline, resumption).seconds(since: now) * 1e9
        return Int64(min(max(remaining, 0), Double(limit)))
    }
}
