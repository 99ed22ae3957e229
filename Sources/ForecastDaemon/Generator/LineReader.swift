// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The lines of a file, one after the other.
final class LineReader {
    private let file: UnsafeMutablePointer<FILE>
    private var buffer: UnsafeMutablePointer<CChar>?
    private var capacity = 0
    /// The number of the line read last, from 1.
    private(set) var number = 0

    /// Opens a file.
    init(path: String) throws(DaemonError) {
        guard let file = fopen(path, "re") else {
            let status: DaemonError.ExitStatus = errno == EACCES ? .permission : .noInput
            throw DaemonError(status, "\(path): cannot open the file: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            fclose(file)
            throw DaemonError(.noInput, "\(path): expected a file, found a folder")
        }
        self.file = file
    }

    deinit {
        fclose(file)
        free(buffer)
    }

    /// The next line without its end; nil after the last.
    func next() -> String? {
        let count = getline(&buffer, &capacity, file)
        guard count >= 0, let buffer else { return nil }
        number += 1
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count)
        let text = bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.count
        return String(decoding: bytes[..<text], as: UTF8.self)
    }
}
