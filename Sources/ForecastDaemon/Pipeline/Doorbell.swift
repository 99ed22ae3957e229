// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Wakes a thread that sleeps in a poll, from any other thread, and costs next to nothing while it is awake.
///
/// The sleeper arms the bell, looks once more for work, and only then polls `descriptor`. Whoever gives it work rings
/// afterwards. Both are sequentially consistent with the work's own hand-over, so that either the sleeper's last look
/// sees the work or the ring sees the armed bell: none is missed.
package final class Doorbell: Sendable {
    /// Becomes readable when an armed bell is rung.
    let descriptor: Int32
    private let writeEnd: Int32
    private let isArmed = Atomic<Bool>(false)

    package init() throws(DaemonError) {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard made == 0 else {
            throw DaemonError(.unavailable, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in [ends.0, ends.1] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, writeEnd) = ends
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    /// Announces the sleep of the thread that the bell is for.
    ///
    /// It must look for work after this and before it polls.
    func arm() { isArmed.store(true, ordering: .sequentiallyConsistent) }

    /// Ends the sleep; `isReadable` says whether the poll found the descriptor so.
    func disarm(isReadable: Bool) {
        isArmed.store(false, ordering: .relaxed)
        guard isReadable else { return }
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(descriptor, &bytes, 16) > 0 {}
    }

    /// Wakes the thread if it sleeps.
    package func ring() {
        guard isArmed.exchange(false, ordering: .sequentiallyConsistent) else { return }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)  // a full pipe wakes as well
    }

    /// Sleeps until the bell is rung, at most for `milliseconds`; not at all if `hasWork` is found true.
    package func sleep(atMost milliseconds: Int32, unless hasWork: () -> Bool) {
        arm()
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if !hasWork() { _ = poll(&item, 1, milliseconds) }
        disarm(isReadable: item.revents != 0)
    }
}
