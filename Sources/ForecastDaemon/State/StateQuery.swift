// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
package import Monitoring

/// What `forecastd state show`, `top`, `why` and `tap --drops` ask a running daemon.
package struct StateQuery: Sendable {
    private let client: MonitoringClient

    /// Asks the daemon that serves at `url`.
    ///
    /// - Parameter token: What the daemon asks for; nil for nothing.
    /// - Throws: A `DaemonError` if that is no `http://host:port`.
    package init(url: String, token: BearerToken? = nil) throws(DaemonError) {
        guard let client = MonitoringClient(url: url, token: token) else {
            throw DaemonError(
                .usage, "--url: expected http://host:port, found \(ConfigurationSuggestion.quoted(url))")
        }
        self.client = client
    }

    /// All streams, or those that match a pattern, by their ids.
    package func streams(match: String?) async throws -> [StreamReport] {
        try await streams(match: match, atMost: .max).sorted { $0.stream < $1.stream }
    }

    /// One stream.
    ///
    /// - Throws: A `DaemonError`, for an unknown stream with ids that are near.
    package func stream(_ identifier: String) async throws -> StreamReport {
        try await about(identifier, "")
    }

    /// What was decided for a stream of late.
    ///
    /// - Throws: A `DaemonError`, for an unknown stream with ids that are near.
    package func decisions(_ identifier: String) async throws -> StreamDecisions {
        try await about(identifier, "/decisions")
    }

    private func about<Report: Decodable>(_ identifier: String, _ path: String) async throws -> Report {
        let answer = try await get("/api/v1/streams/\(MonitoringClient.encoded(identifier))\(path)")
        guard answer.status == 404 else { return try decoded(answer) }
        let known = try await streams(match: nil, atMost: 10_000).map(\.stream)
        throw DaemonError(.noInput, Self.unknown(identifier, known: known))
    }

    /// What was dropped since an earlier answer, of streams that match one of some patterns, or of all.
    package func drops(after: String?, match: [String]) async throws -> DropReport {
        var parameters = after.map { ["after=" + MonitoringClient.encoded($0)] } ?? []
        if !match.isEmpty {
            parameters.append("match=" + match.map(MonitoringClient.encoded).joined(separator: ","))
        }
        let query = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
        return try decoded(try await get("/api/v1/drops\(query)"))
    }

    /// What the daemon says of itself.
    package func status() async throws -> DaemonReport { try decoded(try await get("/api/v1/status")) }

    /// The near past of a stream.
    package func history(_ identifier: String) async throws -> StreamHistory {
        try decoded(try await get("/api/v1/streams/\(MonitoringClient.encoded(identifier))/history"))
    }

    /// The newest values of some streams, where the daemon keeps them.
    package func recent(_ identifiers: [String]) async throws -> [String: [Double]] {
        guard !identifiers.isEmpty else { return [:] }
        let names = identifiers.map(MonitoringClient.encoded).joined(separator: ",")
        let values: RecentValues = try decoded(try await get("/api/v1/recent?limit=24&streams=\(names)"))
        return values.streams
    }

    /// What is said of an unknown stream.
    package static func unknown(_ identifier: String, known: [String]) -> String {
        let text = "no stream \(ConfigurationSuggestion.quoted(identifier)) is forecast"
        var near = [ConfigurationSuggestion.nearest(to: identifier, among: known)].compactMap { $0 }
        for id in known.sorted() where near.count < 3 && id.contains(identifier) && !near.contains(id) {
            near.append(id)
        }
        return near.isEmpty
            ? text + "; `forecastd state show` lists those that are"
            : text + "; did you mean \(ConfigurationSuggestion.alternatives(near))?"
    }

    private func streams(match: String?, atMost limit: Int) async throws -> [StreamReport] {
        var streams: [StreamReport] = []
        var after: String?
        repeat {
            var target = "/api/v1/streams?limit=1000"
            if let match { target += "&match=" + MonitoringClient.encoded(match) }
            if let after { target += "&after=" + MonitoringClient.encoded(after) }
            let page: StreamPage = try decoded(try await get(target))
            streams += page.streams
            after = page.next
        } while after != nil && streams.count < limit
        return streams
    }

    private func get(_ target: String) async throws(DaemonError) -> MonitoringClient.Answer {
        do {
            return try await client.get(target)
        } catch {
            throw DaemonError(
                .unavailable,
                "no daemon answers at \(client.url): \(error); is one running, with http.bind in its configuration? "
                    + "--config or --url says where")
        }
    }

    private func decoded<Report: Decodable>(_ answer: MonitoringClient.Answer) throws(DaemonError) -> Report {
        let decoder = Foundation.JSONDecoder()
        if answer.status == 200, let report = try? decoder.decode(Report.self, from: answer.body) {
            return report
        }
        guard let problem = try? decoder.decode(MonitoringProblem.Body.self, from: answer.body).error else {
            throw DaemonError(.unavailable, "what answers at \(client.url) is no forecastd of this version")
        }
        if answer.status == 401 {
            throw DaemonError(
                .permission,
                "\(client.url): expected \(problem.expected), found \(problem.found): --token names the file of it"
                    .printable)
        }
        throw DaemonError(
            answer.status == 503 ? .unavailable : .usage,
            "\(client.url): expected \(problem.expected), found \(problem.found)".printable)
    }
}
