// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import StateStore
import Synchronization

/// Keeps some of the disk free for when it is full; the pipelines share it.
package final class SpareRoom<D: Disk>: Sendable {
    /// One thread at a time sees to it.
    private let state: Mutex<State>

    private struct State {
        let ballast: Ballast<D>
        /// When it is to be looked for room next.
        var due: ContinuousClock.Instant
        /// When there was something to give up last.
        var released: ContinuousClock.Instant?
    }

    /// Time between two looks for room: long enough that a snapshot has used what was given up.
    private static var interval: Duration { .seconds(20) }

    /// Time within which what was given up may still be of use to somebody.
    private static var use: Duration { .seconds(10) }

    package init(_ ballast: Ballast<D>, at now: ContinuousClock.Instant) {
        state = Mutex(State(ballast: ballast, due: now))
    }

    /// Gives up what is kept free, for a while.
    ///
    /// - Returns: Whether that helps: not where there was nothing, or where it was given up before and has not helped.
    package func release(at now: ContinuousClock.Instant) throws(DiskError) -> Bool {
        try state.withLock { state throws(DiskError) in
            if try state.ballast.release() { state.released = now }
            state.due = now + Self.interval
            return state.released.map { now - $0 < Self.use } ?? false
        }
    }

    /// Keeps some of the disk free again, if there is room; to be asked now and then.
    func keep(at now: ContinuousClock.Instant) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard now >= state.due else { return }
            state.due = now + Self.interval
            _ = try state.ballast.take()
        }
    }
}
