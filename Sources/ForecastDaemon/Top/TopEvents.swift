// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What happens at the terminal: keys, another size, signals to end.
final class TopEvents: Sendable {
    enum Event: Sendable {
        case keys([TopKey])
        case resized
        case ended
    }

    /// What the signals' handlers write to.
    nonisolated(unsafe) private static var signalEnd: Int32 = -1
    let events: AsyncStream<Event>

    /// Listens from now on, to the end of the process.
    init() throws(DaemonError) {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard made == 0 else {
            throw DaemonError(.unavailable, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        Self.signalEnd = ends.1
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            var byte = UInt8(number)
            _ = write(TopEvents.signalEnd, &byte, 1)
        }
        action.sa_flags = SA_RESTART
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH] {
            sigaction(signal, &action, nil)
            sigaddset(&signals, signal)
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        let signalDescriptor = ends.0
        try PipelineThread.start(name: "keys") { Self.listen(signalDescriptor, continuation) }
    }

    private static func listen(_ signals: Int32, _ events: AsyncStream<Event>.Continuation) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            var items = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&items, 2, -1) > 0 else { continue }
            if items[1].revents != 0, read(signals, &bytes, 1) == 1 {
                events.yield(Int32(bytes[0]) == SIGWINCH ? .resized : .ended)
            }
            guard items[0].revents != 0 else { continue }
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            guard count > 0 else {
                events.yield(.ended)
                return
            }
            events.yield(.keys(TopKey.keys(Array(bytes[..<count]))))
        }
    }
}
