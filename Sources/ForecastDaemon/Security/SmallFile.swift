// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files of a few lines, which someone else may have put there.
enum SmallFile {
    /// The text and the mode of a regular file.
    ///
    /// - Parameters:
    ///   - owners: Whose it may be; nil for anybody's.
    ///   - advice: What to do where this user may not read it.
    /// - Throws: A `DaemonError` where it cannot be read, or is somebody else's.
    static func read(
        _ path: String, key: String, atMost limit: Int, owners: Set<uid_t>?, advice: String
    ) throws(DaemonError) -> (text: String, mode: mode_t) {
        func failure(_ code: Int32) -> DaemonError {
            let reason = String(cString: strerror(code))
            return DaemonError(
                code == EACCES ? .permission : .noInput,
                "\(key): \(path): expected a file that can be read: \(reason)"
                    + (code == EACCES ? ", as user \(geteuid()): \(advice)" : ""))
        }
        // Whoever opens a pipe would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DaemonError(.configuration, "\(key): \(path): expected a regular file, found another kind")
        }
        guard owners?.contains(status.st_uid) ?? true else {
            throw DaemonError(
                .permission,
                "\(key): \(path): expected a file of root or of the user \(geteuid()) who runs this, found one of the user "
                    + "\(status.st_uid), who can change it: chown it, or run this as that user")
        }
        guard status.st_size <= limit else {
            throw DaemonError(
                .configuration, "\(key): \(path): expected at most \(limit) bytes, found \(status.st_size)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if more < 0 && errno == EINTR { continue }
            guard more >= 0 else { throw failure(errno) }
            guard more > 0 else { break }
            count += more
        }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw DaemonError(.configuration, "\(key): \(path): expected text, found bytes that are none")
        }
        return (text, status.st_mode)
    }
}
