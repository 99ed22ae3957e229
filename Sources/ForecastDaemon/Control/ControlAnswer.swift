// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a daemon answers over its control socket, a line of JSON: `{"ok": …}` or `{"error": {"status": 78, "message": …}}`.
struct ControlAnswer: Codable {
    /// Why the request was not done.
    struct Problem: Codable {
        /// The exit status of a command that fails so.
        var status: Int32
        var message: String
    }

    var ok: ReloadReport?
    var error: Problem?

    /// The request was done.
    init(_ report: ReloadReport) { ok = report }

    /// It was not done.
    init(_ error: DaemonError) {
        self.error = Problem(status: error.status.rawValue, message: error.description)
    }

    /// What came of it.
    func get() throws(DaemonError) -> ReloadReport {
        if let ok { return ok }
        throw DaemonError(
            error.flatMap { DaemonError.ExitStatus(rawValue: $0.status) } ?? .software,
            error?.message ?? "the daemon gave an answer without a result")
    }
}
