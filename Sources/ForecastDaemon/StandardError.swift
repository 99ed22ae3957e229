// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a command speaks to the person who called it.
package enum StandardError {
    /// Writes a line.
    package static func writeLine(_ line: String) { write(line + "\n") }

    /// Writes why a command failed; for the journal, which takes each line for itself, with the priority of an error.
    package static func writeError(_ error: DaemonError) {
        let stream = ProcessEnvironment.variable("JOURNAL_STREAM")
        let prefix = JournalLogHandler.isJournal(STDERR_FILENO, stream: stream) ? "<3>" : ""
        for line in "forecastd: \(error)".split(separator: "\n", omittingEmptySubsequences: false) {
            writeLine(prefix + line)
        }
    }

    /// Writes a text as it is.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress! + written, bytes.count - written)
            }
            guard count > 0 || errno == EINTR else { return }
            written += max(0, count)
        }
    }
}
