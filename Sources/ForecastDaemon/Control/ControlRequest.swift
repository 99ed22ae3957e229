// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a running daemon can be told over its control socket: a line of JSON, `{"request": …}`.
package enum ControlRequest: Sendable, Equatable {
    /// Put the configuration in force, or only say what that would change.
    case reload(isPlan: Bool)
}

extension ControlRequest: Codable {
    private enum CodingKeys: String, CodingKey { case request, plan }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .request) {
        case "reload":
            self = .reload(isPlan: try container.decodeIfPresent(Bool.self, forKey: .plan) ?? false)
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .request, in: container, debugDescription: "expected reload, found \(other)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .reload(let isPlan):
            try container.encode("reload", forKey: .request)
            try container.encode(isPlan, forKey: .plan)
        }
    }
}

/// The answer, a line of JSON too: `{"ok": …}` or `{"error": {"status": 78, "message": …}}`.
package struct ControlAnswer<Result: Codable>: Codable {
    /// Why the request was not done.
    package struct Problem: Codable {
        /// The exit status of a command that fails so.
        var status: Int32
        var message: String
    }

    var ok: Result?
    var error: Problem?

    /// The request was done.
    init(_ result: Result) { ok = result }

    /// It was not done.
    init(_ error: DaemonError) {
        self.error = Problem(status: error.status.rawValue, message: error.description)
    }

    /// What came of it.
    func get() throws(DaemonError) -> Result {
        if let ok { return ok }
        throw DaemonError(
            error.flatMap { DaemonError.ExitStatus(rawValue: $0.status) } ?? .software,
            error?.message ?? "the daemon gave an answer without a result")
    }
}
