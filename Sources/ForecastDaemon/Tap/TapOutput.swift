// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard output, written in one piece per turn.
///
/// A reader that went away is no error.
struct TapOutput {
    private var bytes: [UInt8] = []

    /// Whether colours are wanted: on a terminal that has them, unless NO_COLOR says otherwise.
    static var isStyled: Bool {
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        return isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
    }

    mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes what was gathered; false if nobody reads it any more.
    mutating func flush() -> Bool {
        defer { bytes.removeAll(keepingCapacity: true) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, bytes.count - written)
            }
            guard count > 0 || errno == EINTR else { return false }
            written += max(0, count)
        }
        return true
    }
}
