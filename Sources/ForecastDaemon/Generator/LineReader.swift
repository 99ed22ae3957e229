// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The lines of a file, one after the other.
final class LineReader {
    private let path: String
    private let descriptor: Int32
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    /// What of the chunk is not taken yet.
    private var unread = 0..<0
    /// The number of the line read last, from 1.
    private(set) var number = 0

    /// The longest line that is read, in bytes: a guard against files that have no lines at all.
    static let maximumLength = 1 << 20

    /// Opens a file.
    init(path: String) throws(DaemonError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let status: DaemonError.ExitStatus = errno == EACCES ? .permission : .noInput
            throw DaemonError(status, "\(path): cannot open the file: \(String(cString: strerror(errno)))")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next line without its end; nil after the last.
    func next() throws(DaemonError) -> String? {
        var line: [UInt8] = []
        var isEnded = false
        while !isEnded {
            if unread.isEmpty {
                unread = 0..<(try readChunk())
                if unread.isEmpty { break }
            }
            let end = chunk[unread].firstIndex(of: UInt8(ascii: "\n"))
            line += chunk[unread.lowerBound..<(end ?? unread.upperBound)]
            unread = (end.map { $0 + 1 } ?? unread.upperBound)..<unread.upperBound
            isEnded = end != nil
            guard line.count <= Self.maximumLength else {
                throw DaemonError(
                    .data, "\(path):\(number + 1): expected lines of at most 1 MiB, found a longer one")
            }
        }
        guard isEnded || !line.isEmpty else { return nil }
        number += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }

    private func readChunk() throws(DaemonError) -> Int {
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw DaemonError(
                    errno == EISDIR ? .noInput : .inputOutput,
                    "\(path): cannot read the file: \(String(cString: strerror(errno)))")
            }
        }
    }
}
