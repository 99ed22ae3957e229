// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The lines of a pipe, each waited for.
final class LineSource {
    private var descriptor: Int32
    private var unread: [UInt8] = []

    /// Takes over a descriptor.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// The next line; fails at the end, and when none comes within 120 s.
    func next() throws -> String {
        guard let line = try nextOrEnd() else { throw DaemonProcess.Failure(description: "no further line") }
        return line
    }

    /// All lines up to the end.
    func rest() throws -> [String] {
        try readToEnd()
        var lines: [String] = []
        while let line = try nextOrEnd() { lines.append(line) }
        return lines
    }

    /// Reads until the last writer has closed the pipe, and keeps the lines.
    func readToEnd() throws { while try readMore() {} }

    /// Closes the pipe, as a reader that goes away.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    private func nextOrEnd() throws -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            guard try readMore() else { return nil }
        }
    }

    /// Waits for bytes; false at the end.
    private func readMore() throws -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, 120_000) > 0 else {
            throw DaemonProcess.Failure(description: "neither output nor its end within 120 s")
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &chunk, chunk.count)
        unread += chunk.prefix(max(0, count))
        return count > 0
    }
}
