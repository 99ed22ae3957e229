// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The only thing that a pipeline's thread shares with the rest of the daemon: commands in, reports out.
package final class Mailbox: Sendable {
    /// What the rest of the daemon may ask of a pipeline.
    package enum Command: Sendable {
        /// Take in what has arrived, publish its forecasts, and end.
        case stop
    }

    private let commands = Mutex<[Command]>([])
    private let report = Mutex<StatusReport?>(nil)
    private let turns = Atomic<UInt64>(0)
    /// Becomes readable when a command waits.
    let wakeDescriptor: Int32
    private let wakeEnd: Int32

    /// Makes an empty mailbox.
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
        (wakeDescriptor, wakeEnd) = ends
    }

    deinit {
        close(wakeDescriptor)
        close(wakeEnd)
    }

    /// Asks something of the pipeline and wakes it.
    package func post(_ command: Command) {
        commands.withLock { $0.append(command) }
        wake()
    }

    /// Lets the pipeline make a turn now, if it is able to.
    package func wake() {
        var byte: UInt8 = 1
        _ = write(wakeEnd, &byte, 1)  // a full pipe wakes as well
    }

    /// The commands that wait, for the pipeline's thread.
    func takeCommands() -> [Command] {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(wakeDescriptor, &bytes, 16) > 0 {}
        return commands.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
    }

    /// Puts a new report in place of the last, for the pipeline's thread.
    func publish(_ newest: StatusReport) { report.withLock { $0 = newest } }

    /// The newest report; nil before the first.
    package var newestReport: StatusReport? { report.withLock { $0 } }

    /// Marks the end of one turn, for the pipeline's thread.
    func markTurn() { turns.add(1, ordering: .relaxed) }

    /// Turns so far: a pipeline that works adds at least one a second.
    package var turnCount: UInt64 { turns.load(ordering: .relaxed) }
}
