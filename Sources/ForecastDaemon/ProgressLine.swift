// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a command that takes long says meanwhile, on standard error: a line written over and over on a terminal,
/// a line a minute elsewhere.
package struct ProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let interval: Duration
    private var due: ContinuousClock.Instant
    private var isShown = false

    /// Makes a line that is first shown after two seconds.
    package init() {
        interval = isTerminal ? .milliseconds(500) : .seconds(60)
        due = .now + (isTerminal ? .seconds(2) : interval)
    }

    /// Shows `text`, if it is time to.
    package mutating func show(_ text: @autoclosure () -> String) {
        guard ContinuousClock.now >= due else { return }
        due = .now + interval
        isShown = isTerminal
        StandardError.write(isTerminal ? "\r\u{1B}[K" + text() : text() + "\n")
    }

    /// Takes the line off a terminal.
    package mutating func erase() {
        if isShown { StandardError.write("\r\u{1B}[K") }
        isShown = false
    }

    /// Shows the last words.
    package mutating func end(_ text: String) {
        erase()
        StandardError.writeLine(text)
    }
}
