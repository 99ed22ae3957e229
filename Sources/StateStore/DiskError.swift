// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a disk did not do what it was asked.
package enum DiskError: Error, Equatable, CustomStringConvertible {
    /// There is no room: it may be tried again.
    case full
    /// The operation on the file failed with the error number `code`.
    case failed(Operation, path: String, code: Int32)

    package enum Operation: String, Sendable {
        case create, open, read, write, measure, preallocate, truncate, synchronise, rename, remove, list,
            lock
    }
}

extension DiskError {
    /// The error that a system call has just left in `errno`.
    init(_ operation: Operation, _ path: String) {
        let code = errno
        // What could not be synchronised for want of room is lost, and no later call can make it good.
        let isFull = (code == ENOSPC || code == EDQUOT) && operation != .synchronise
        self = isFull ? .full : .failed(operation, path: path, code: code)
    }

    package var description: String {
        switch self {
        case .full: "the disk is full"
        case .failed(let operation, let path, let code):
            "\(path): cannot \(operation): \(String(cString: strerror(code)))"
        }
    }
}
