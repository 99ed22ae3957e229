// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The terminal as a program that fills it uses it: keys at once and unseen, a screen of its own.
///
/// What it was it is again when this goes, or when the process ends by `exit`, by an error, or by a crash.
final class Terminal {
    /// What it was; in memory of its own, because the compiler leaves 57 bytes to a static `termios`, which has 60.
    nonisolated(unsafe) private static let original = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    nonisolated(unsafe) private static var isChanged = false
    private static let crashes = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

    /// Takes over the terminal.
    ///
    /// - Throws: A `DaemonError` where standard input and output are none.
    init() throws(DaemonError) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1,
            tcgetattr(STDIN_FILENO, Self.original) == 0
        else {
            throw DaemonError(
                .usage, "top: expected a terminal, found something else; forecastd state show prints once")
        }
        var raw = Self.original.pointee
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        Self.isChanged = true
        atexit { Terminal.restore() }
        for crash in Self.crashes {
            signal(crash) { number in
                Terminal.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        Self.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    }

    deinit { Self.restore() }

    /// Gives back the terminal; to be called from anywhere, a signal's handler included.
    static func restore() {
        guard isChanged else { return }
        isChanged = false
        let text: StaticString = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"
        _ = Glibc.write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        tcsetattr(STDIN_FILENO, TCSANOW, original)
    }

    /// Its columns and lines.
    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows lines, from the top, over what was there.
    func show(_ lines: [TopView.Line]) {
        var text = "\u{1B}[H"
        for (index, line) in lines.enumerated() {
            text += line.isInverse ? "\u{1B}[7m\(line.text)\u{1B}[0m" : line.text
            if index < lines.count - 1 { text += "\r\n" }
        }
        Self.write(text)
    }

    private static func write(_ text: String) {
        var output = TapOutput()
        output.write(text)
        _ = output.flush()
    }
}
