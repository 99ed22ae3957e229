// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// SIGINT and SIGTERM as something that a command's loop can wait for.
package enum TerminationSignals {
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// Makes the first signal readable on the descriptor that is returned; a second one ends the process.
    package static func descriptor() throws(DaemonError) -> Int32 {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard made == 0 else {
            throw DaemonError(.unavailable, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        writeEnd = ends.1
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            var byte: UInt8 = 1
            _ = write(TerminationSignals.writeEnd, &byte, 1)
        }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
        // Whoever started this process may have had the signals blocked, which is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM] {
            sigaction(signal, &action, nil)
            sigaddset(&signals, signal)
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        return ends.0
    }

    /// Waits until a signal has come, but not beyond `limit`; gives whether one has.
    package static func wait(on descriptor: Int32, atMost limit: Duration) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let end = ContinuousClock.now + limit
        var rest = limit
        repeat {
            // Rounded up, so as not to spin through the last millisecond.
            let milliseconds = max(.zero, rest) / .milliseconds(1)
            // A handler that has run ends the wait without a result: look again.
            if poll(&item, 1, Int32(min(milliseconds, 1e9).rounded(.up))) > 0 { return true }
            rest = end - .now
        } while rest > .zero
        // The handler may have run at the very end.
        return poll(&item, 1, 0) > 0
    }
}
