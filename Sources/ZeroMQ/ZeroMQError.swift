// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// An operation that libzmq refused.
public struct ZeroMQError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The error number, of errno.h or libzmq's own range.
    public let code: Int32
    /// What was attempted, with the endpoint or option it was attempted on: `bind to tcp://127.0.0.1:5557`.
    public let operation: String

    /// Makes an error from an error number and the operation that met it.
    public init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// Whether another socket holds the endpoint already.
    public var isAddressInUse: Bool { code == EADDRINUSE }

    /// Whether the user may not do this.
    public var isForbidden: Bool { code == EACCES || code == EPERM }

    /// Whether a signal ended the operation before it was done.
    public var isInterrupted: Bool { code == EINTR }

    /// Whether the socket's context was terminated.
    public var isTerminated: Bool { code == ETERM }

    /// A sentence for a person: what failed, why, and where known what to do.
    public var description: String {
        let reason = String(cString: zmq_strerror(code))
        guard let advice else { return "cannot \(operation): \(reason)" }
        return "cannot \(operation): \(reason); \(advice)"
    }

    private var advice: String? {
        switch code {
        case EADDRINUSE:
            "another process, or another socket of this one, is bound there (ss -ltxnp says which): end it, or take another address"
        case EADDRNOTAVAIL, ENODEV: "no network interface of this machine has that address"
        case EACCES, EPERM:
            "take a port from 1024 on, or a directory that this user may write in, or give the user the right to it"
        case ENOENT where operation.contains("ipc://"): "the directory of the path is missing: make it"
        case EPROTONOSUPPORT: "expected tcp://host:port with a port up to 65535, ipc:///path or inproc://name"
        case EINVAL where operation.hasPrefix("bind") || operation.hasPrefix("connect"):
            "expected tcp://host:port with a port up to 65535, ipc:///path or inproc://name"
        case EMFILE: "raise the limit of open files, or of the context's sockets"
        default: nil
        }
    }
}
