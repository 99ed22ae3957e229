// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A path that a Unix socket is bound to.
struct ControlAddress: Sendable {
    /// The longest path that a socket's address takes.
    static let maximumLength = 107

    let path: String

    /// - Throws: A `DaemonError` for a path that is too long.
    init(path: String) throws(DaemonError) {
        guard path.utf8.count <= Self.maximumLength else {
            throw DaemonError(
                .configuration,
                "control.path: expected a path of at most \(Self.maximumLength) bytes, as the system has it for sockets, "
                    + "found \(path)")
        }
        self.path = path
    }

    /// Where a daemon listens whose configuration does not say it: in the directory that the service manager made for it;
    /// nil where there is none.
    ///
    /// - Parameter environment: Gives `RUNTIME_DIRECTORY`, which may list several.
    static func standardPath(environment: (String) -> String?) -> String? {
        environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map { "\($0)/control" }
    }

    /// Makes a socket of the kind; -1 where the system has none.
    func makeSocket() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    /// Calls `bind` or `connect` with the address.
    func with(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
