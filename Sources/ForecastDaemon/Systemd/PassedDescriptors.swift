// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Open descriptors that the service manager has passed to this process, by name: those of its socket units and those
/// that an earlier start let it store, as sd_listen_fds(3) says.
package struct PassedDescriptors: Sendable {
    /// Those that nobody has taken.
    private(set) var rest: [(name: String, descriptor: Int32)] = []

    /// Reads `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`; what they say to another process is passed over.
    ///
    /// - Parameter first: The descriptor that they are counted from.
    package init(environment: (String) -> String?, first: Int32 = 3) {
        guard environment("LISTEN_PID") == String(getpid()),
            let count = environment("LISTEN_FDS").flatMap({ Int32($0) }), (1...1000).contains(count)
        else { return }
        var names =
            environment("LISTEN_FDNAMES")?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        // As sd_listen_fds_with_names(3) calls them.
        if names.count != Int(count) { names = Array(repeating: "unknown", count: Int(count)) }
        rest = zip(names, first..<first + count).compactMap { name, descriptor in
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 ? (String(name), descriptor) : nil
        }
    }

    /// Those of this process, which are read once: nothing that it may start is to take them for its own.
    static func ofThisProcess() -> PassedDescriptors {
        let passed = PassedDescriptors(environment: ProcessEnvironment.variable)
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        return passed
    }

    /// Takes the first descriptor of a name; nil where there is none.
    package mutating func take(_ name: String) -> Int32? {
        takeFirst { $0 == name }?.descriptor
    }

    /// Takes the first descriptor whose name is one that is looked for; nil where there is none.
    mutating func takeFirst(where isWanted: (String) -> Bool) -> (name: String, descriptor: Int32)? {
        rest.firstIndex { isWanted($0.name) }.map { rest.remove(at: $0) }
    }
}
