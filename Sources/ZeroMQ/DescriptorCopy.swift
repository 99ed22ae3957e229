// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A descriptor that is made a copy of another one for a moment.
///
/// It is held from the beginning, so that a copy can be made also where the process may open no further one.
final class DescriptorCopy {
    /// What it is a copy of in between: one end of a pipe, while it is the other end itself.
    private let idle, descriptor: Int32

    init() throws(ZeroMQError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ZeroMQError(code: errno, operation: "open a pipe")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (idle, descriptor) = (ends[0], ends[1])
    }

    deinit {
        close(idle)
        close(descriptor)
    }

    /// Ends the connection on a descriptor both ways if `isWanted` says so when the copy is made; gives whether it did.
    ///
    /// - Throws: A `ZeroMQError` where a wanted one cannot be ended.
    func shutDown(
        _ original: Int32, if isWanted: () throws(ZeroMQError) -> Bool
    ) throws(ZeroMQError) -> Bool {
        let code = copy(original)
        defer { _ = copy(idle) }
        guard try isWanted() else { return false }
        guard code == 0 else { throw ZeroMQError(code: code, operation: "cut a connection") }
        // One that the peer has ended meanwhile is no error.
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        return true
    }

    /// Gives the error's number, or 0.
    private func copy(_ original: Int32) -> Int32 {
        while dup2(original, descriptor) < 0 {
            guard errno == EINTR || errno == EBUSY else { return errno }
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return 0
    }
}
