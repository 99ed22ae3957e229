// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What a reload changes, or would change.
package struct ReloadReport: Sendable, Codable, Equatable {
    /// A rule of the new configuration, in its order.
    package struct Rule: Sendable, Codable, Equatable {
        package var match: String
        package var model: String
        package var revision: String
        /// `new`, or what becomes of the streams that followed the rule of the same pattern.
        package var change: String
        /// The keys that make it so; nil where none do.
        package var changed: [String]?
        /// Why that is not what `on_model_change` asks for.
        package var reason: String?
    }

    /// A stream, by what becomes of it.
    package struct Stream: Sendable, Codable, Equatable {
        package var stream: String
        package var change: String
        /// The patterns of the rules before and after; nil after where no rule matches any more.
        package var before: String
        package var after: String?
        /// As of a rule.
        package var changed: [String]?
        package var reason: String?

        /// Says what becomes of a stream.
        package init(
            stream: String, change: String, before: String, after: String?, changed: [String]?,
            reason: String?
        ) {
            (self.stream, self.change, self.changed) = (stream, change, changed)
            (self.before, self.after, self.reason) = (before, after, reason)
        }
    }

    /// A socket whose clients are others than before.
    package struct Clients: Sendable, Codable, Equatable {
        /// As `inputs.plant`.
        package var socket: String
        /// Keys that are admitted now and were not before, and the other way round.
        package var (admitted, revoked): (Int, Int)

        enum CodingKeys: String, CodingKey { case socket, admitted, revoked }

        /// Says what changes.
        package init(socket: String, admitted: Int, revoked: Int) {
            (self.socket, self.admitted, self.revoked) = (socket, admitted, revoked)
        }

        var text: String {
            "clients of \(socket): \(admitted) newly admitted, \(revoked) revoked"
                + (revoked > 0
                    ? " (all connections of this socket are cut; who is still admitted comes back)" : "")
        }
    }

    /// Whether anything is in force now: false for a plan, and where nothing has changed.
    package var isDone = false
    /// Whether configuration, model files and clients are as they were.
    package var isSame = false
    /// Whether rules and models are as they were, whatever became of clients.
    package var keepsRules = false
    package var rules: [Rule] = []
    /// The patterns of rules that are no more.
    package var removed: [String] = []
    /// How many streams, by what becomes of them.
    package var streams: [String: Int] = [:]
    /// Each stream, for a plan.
    package var list: [Stream]?
    /// Sockets whose clients are others; absent where none are.
    package var clients: [Clients]?
    /// How long the pipelines stood still, the longest of them, in seconds.
    package var pause: Double?

    enum CodingKeys: String, CodingKey {
        case rules, removed, streams, list, clients, pause
        case isDone = "done"
        case isSame = "same"
        case keepsRules = "keeps_rules"
    }
}

extension ReloadReport {
    /// Streams of each kind that are written one by one.
    private static let listed = 40

    /// The report as lines of text.
    package var text: String {
        guard !isSame else { return "nothing has changed: configuration and model files are as they were" }
        let clientLines = (clients ?? []).map(\.text)
        guard !keepsRules else {
            return
                ([
                    isDone
                        ? "reloaded; rules and models are as they were"
                        : "a reload would leave rules and models as they are"
                ]
                + clientLines).joined(separator: "\n")
        }
        var lines = [
            isDone
                ? "reloaded; rules, first match wins:"
                : "a reload would put these rules in force, first match wins:"
        ]
        lines += TextTable.lines(
            rules.map { rule in
                [
                    "  " + rule.match, "\(rule.model) \(rule.revision)",
                    Self.words(rule.change, rule.changed, rule.reason),
                ]
            }, right: 0..<0)
        lines += removed.map { "  \($0)  removed" }
        lines.append(summary)
        for change in StreamChange.allCases where change != .unchanged {
            lines += listing(of: change)
        }
        lines += clientLines
        if let pause { lines.append("the pipelines stood still for \(Int((pause * 1000).rounded(.up))) ms") }
        return lines.joined(separator: "\n")
    }

    /// How many streams, by what becomes of them, in one line.
    package var summary: String {
        if keepsRules { return clientChanges ?? "clients are as they were" }
        let parts = StreamChange.allCases.compactMap { change in
            streams[change.rawValue].map { "\($0) \(change.rawValue)" }
        }
        return parts.isEmpty ? "streams: none have come" : "streams: " + parts.joined(separator: ", ")
    }

    /// Whom sockets admit anew or no longer, in one line; nil where nobody.
    package var clientChanges: String? { clients?.map(\.text).joined(separator: "; ") }

    private static func words(_ text: String, _ changed: [String]?, _ reason: String?) -> String {
        text + (changed.map { " (changed: \($0.joined(separator: ", ")))" } ?? "")
            + (reason.map { ": \($0)" } ?? "")
    }

    private func listing(of change: StreamChange) -> [String] {
        let all = (list ?? []).filter { $0.change == change.rawValue }
        guard !all.isEmpty else { return [] }
        let rows = all.prefix(Self.listed).map { stream in
            let way =
                stream.after.map { $0 == stream.before ? $0 : "\(stream.before) → \($0)" } ?? stream.before
            return ["  " + stream.stream, stream.change, Self.words(way, stream.changed, stream.reason)]
        }
        let rest = all.count - rows.count
        return TextTable.lines(rows, right: 0..<0)
            + (rest > 0 ? ["  … and \(rest) more that are \(change.rawValue) (--json lists all)"] : [])
    }
}
