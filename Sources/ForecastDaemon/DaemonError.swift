// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// Why a command could not do its work, as one clear sentence and an exit status.
public struct DaemonError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The exit statuses of `sysexits.h` that the commands use.
    public enum ExitStatus: Int32, Sendable {
        /// The command line is wrong.
        case usage = 64
        /// A file's content is wrong.
        case data = 65
        /// A file is missing or cannot be read.
        case noInput = 66
        /// A socket or a peer cannot be had.
        case unavailable = 69
        /// The program found itself in a state that it should not be in.
        case software = 70
        /// A file cannot be made.
        case cannotCreate = 73
        /// Reading or writing failed.
        case inputOutput = 74
        /// The user may not do this.
        case permission = 77
        /// The configuration is wrong.
        case configuration = 78
    }

    /// The exit status.
    public var status: ExitStatus
    /// What was expected, what was found, where, and what to do.
    public var description: String

    /// Makes an error.
    public init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

extension DaemonError {
    /// A socket that cannot be had or fails.
    init(_ error: ZeroMQError) { self.init(error.isForbidden ? .permission : .unavailable, "\(error)") }
}
