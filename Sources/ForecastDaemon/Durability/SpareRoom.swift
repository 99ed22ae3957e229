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
        /// Pipelines that have had no snapshot since the disk was full.
        var waiting = 0
    }

    /// Time between two looks for room: long enough that what was given up has been of use.
    private static var interval: Duration { .seconds(20) }

    package init(_ ballast: Ballast<D>, at now: ContinuousClock.Instant) {
        state = Mutex(State(ballast: ballast, due: now))
    }

    /// Gives up what is kept free, for a while.
    ///
    /// - Returns: Whether there was anything.
    func release(at now: ContinuousClock.Instant) throws(DiskError) -> Bool {
        try state.withLock { state throws(DiskError) in
            state.due = now + Self.interval
            return try state.ballast.release()
        }
    }

    /// A pipeline waits for a snapshot since the disk was full, or does so no longer; meanwhile no room is kept free.
    func note(isWaiting: Bool) { state.withLock { $0.waiting += isWaiting ? 1 : -1 } }

    /// Keeps some of the disk free again, if there is room; to be asked now and then.
    func keep(at now: ContinuousClock.Instant) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard now >= state.due, state.waiting == 0 else { return }
            state.due = now + Self.interval
            _ = try state.ballast.take()
        }
    }
}
