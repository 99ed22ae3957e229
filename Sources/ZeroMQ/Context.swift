// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc
import Synchronization

/// How the kernel schedules libzmq's I/O threads.
public enum IOThreadScheduling: String, CaseIterable, Sendable {
    /// The kernel's default (`SCHED_OTHER`).
    case normal
    /// No preemption of other threads on wake-up (`SCHED_BATCH`).
    ///
    /// Each send wakes the I/O thread. Under `normal`, on a core it shares with the thread that computes, it
    /// takes that core over message by message. Under `batch` it waits for the next idle moment: one
    /// computing thread with one I/O thread on the same core did 26 % to 66 % more messages per second, the
    /// more the longer a step takes, and the median latency at 1000 messages per second did not change
    /// measurably.
    case batch

    fileprivate var policy: Int32 {
        switch self {
        case .normal: SCHED_NORMAL
        case .batch: SCHED_BATCH
        }
    }
}

/// The I/O threads and the sockets that share them.
///
/// A context may be used from any thread. Each socket keeps its context alive, so that a context whose last
/// reference goes away has no open socket.
///
/// libzmq blocks all signals in its I/O threads, and it does not survive `fork` without `exec`.
///
/// - Important: libzmq aborts the process, instead of giving an error, where a system call filter forbids its
///   I/O thread `sched_setscheduler` (with either scheduling), or an address family filter forbids
///   `AF_NETLINK` at a bind. A sandbox has to allow both.
public final class Context: Sendable {
    private let handle: Mutex<Handle?>
    /// Gives an open descriptor that listens at an endpoint already; nil where there is none.
    let listener: @Sendable (_ endpoint: String) -> Int32?

    private struct Handle {
        nonisolated(unsafe) let raw: UnsafeMutableRawPointer
    }

    /// Makes a context.
    ///
    /// Its threads start with its first socket.
    ///
    /// - Parameters:
    ///   - ioThreads: Threads that move bytes between sockets and the network.
    ///   - ioThreadScheduling: How the kernel schedules these threads.
    ///   - maximumSockets: How many sockets may be open at once.
    ///   - listener: Called with the endpoint of each `Socket/bind(_:)`, on its thread. Where it gives an open descriptor
    ///     that listens there already, the socket takes that over instead of opening its own; nil is the usual case.
    public init(
        ioThreads: Int = 1, ioThreadScheduling: IOThreadScheduling = .batch, maximumSockets: Int = 1023,
        listener: @escaping @Sendable (_ endpoint: String) -> Int32? = { _ in nil }
    ) throws(ZeroMQError) {
        self.listener = listener
        guard let raw = zmq_ctx_new() else {
            throw ZeroMQError(code: zmq_errno(), operation: "make a context")
        }
        handle = Mutex(Handle(raw: raw))
        let settings: [(name: String, option: Int32, value: Int)] = [
            ("I/O threads", ZMQ_IO_THREADS, ioThreads),
            ("I/O thread scheduling", ZMQ_THREAD_SCHED_POLICY, Int(ioThreadScheduling.policy)),
            ("maximum sockets", ZMQ_MAX_SOCKETS, maximumSockets),
        ]
        for (name, option, value) in settings {
            guard zmq_ctx_set(raw, option, Int32(clamping: value)) == 0 else {
                throw ZeroMQError(code: zmq_errno(), operation: "set a context's \(name) to \(value)")
            }
        }
    }

    deinit { terminate() }

    /// Ends the context: operations on its sockets fail from now on with `isTerminated`.
    ///
    /// Blocks until every socket of the context is closed, and for messages still to be sent as long as their
    /// sockets' `linger` allows. Never call it on the thread that owns the last open socket. Calling it again
    /// does nothing; the last reference to a context that goes away does the same.
    public func terminate() {
        let taken = handle.withLock { current in
            defer { current = nil }
            return current
        }
        guard let raw = taken?.raw else { return }
        while zmq_ctx_term(raw) != 0 && zmq_errno() == EINTR {}
    }

    /// Opens a socket of libzmq's kind `constant`, which its caller closes.
    func open(_ constant: Int32, _ name: String) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        let operation = "open a \(name) socket"
        return try handle.withLock { current throws(ZeroMQError) in
            guard let context = current?.raw else { throw ZeroMQError(code: ETERM, operation: operation) }
            guard let socket = zmq_socket(context, constant) else {
                throw ZeroMQError(code: zmq_errno(), operation: operation)
            }
            return socket
        }
    }
}
