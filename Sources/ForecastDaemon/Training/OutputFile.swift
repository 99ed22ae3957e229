// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that a command makes, whole or not at all.
struct OutputFile {
    private let path: String

    /// Looks whether the file can be made, before long work for it begins.
    init(path: String) throws(DaemonError) {
        self.path = path
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw DaemonError(
                .cannotCreate, "\(path): expected the path of a file, found something that is not one")
        }
        guard stat(folder, &status) == 0 else { throw failure("write to \(folder)") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DaemonError(.cannotCreate, "\(path): expected a folder, found that \(folder) is none")
        }
        guard access(folder, W_OK | X_OK) == 0 else { throw failure("write to \(folder)") }
    }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Writes the file under another name, and gives it its own when it is whole.
    func write(_ bytes: [UInt8]) throws(DaemonError) {
        let temporary = "\(path).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("make \(temporary)") }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw discarding(temporary, descriptor, "write the file", .inputOutput) }
            written += count
        }
        guard fsync(descriptor) == 0 else {
            throw discarding(temporary, descriptor, "write the file", .inputOutput)
        }
        guard rename(temporary, path) == 0 else {
            throw discarding(temporary, descriptor, "make the file", .cannotCreate)
        }
        close(descriptor)
    }

    private func discarding(
        _ temporary: String, _ descriptor: Int32, _ action: String, _ status: DaemonError.ExitStatus
    ) -> DaemonError {
        let error = failure(action, status)
        close(descriptor)
        unlink(temporary)
        return error
    }

    private func failure(
        _ action: String, _ status: DaemonError.ExitStatus = .cannotCreate
    ) -> DaemonError {
        let isForbidden = errno == EACCES || errno == EPERM
        return DaemonError(
            isForbidden ? .permission : status,
            "\(path): cannot \(action): \(String(cString: strerror(errno)))")
    }
}
