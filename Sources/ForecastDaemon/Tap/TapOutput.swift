// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard output, written in one piece per turn.
///
/// A reader that went away is no error.
struct TapOutput {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    /// Why the output cannot be written.
    private(set) var problem: DaemonError?

    init(descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

    /// Whether colours are wanted: on a terminal that has them, unless NO_COLOR says otherwise.
    static var isStyled: Bool {
        func variable(_ name: String) -> String { ProcessEnvironment.variable(name) ?? "" }
        return isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
    }

    mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func write(bytes: [UInt8]) { self.bytes += bytes }

    /// Writes bytes and the end of the line.
    mutating func write(line: RawSpan) {
        line.withUnsafeBytes { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Writes what was gathered; false if nobody reads it any more, or there is a problem.
    mutating func flush() -> Bool {
        defer { bytes.removeAll(keepingCapacity: true) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&item, 1, -1)
            } else if errno != EINTR {
                if errno != EPIPE {
                    problem = DaemonError(
                        .inputOutput, "cannot write to the output: \(String(cString: strerror(errno)))")
                }
                return false
            }
        }
        return true
    }
}
