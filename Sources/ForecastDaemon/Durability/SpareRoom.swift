// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import StateStore
import Synchronization

/// Keeps some of the disk free for when it is full; the pipelines share it.
package final class SpareRoom<D: Disk>: Sendable {
    /// One thread at a time sees to it.
    private let state: Mutex<(ballast: Ballast<D>, due: ContinuousClock.Instant)>

    /// Time between two looks for room: long enough that a snapshot has used what was given up.
    private static var interval: Duration { .seconds(20) }

    package init(_ ballast: Ballast<D>, at now: ContinuousClock.Instant) { state = Mutex((ballast, now)) }

    /// Gives up what is kept free, for a while.
    func release(at now: ContinuousClock.Instant) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            try state.ballast.release()
            state.due = now + Self.interval
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
