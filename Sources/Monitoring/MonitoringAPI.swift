// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is served over HTTP, apart from HTTP itself: a request in, an answer out.
package struct MonitoringAPI: Sendable {
    /// An answer: a status and a body, which is JSON unless said otherwise.
    struct Answer: Sendable {
        var status = 200
        var body: [UInt8] = []
        var type = "application/json"
        /// What a browser may do with it.
        var policy = "default-src 'none'; frame-ancestors 'none'"
        /// Events that follow for as long as there are any, in place of a body.
        var listener: EventFeed.Listener?
    }

    /// A request as far as it matters here.
    struct Head: Sendable {
        var method: String
        var target: String
        var host: String?
        var hasBody: Bool
        /// What the request shows to be answered.
        var authorization: String?
        /// The id of the last event that came, where one listened before.
        var lastEvent: String?
    }

    /// The paths that there are.
    package static let paths = [
        "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/streams", "/api/v1/streams/{id}",
        "/api/v1/streams/{id}/history", "/api/v1/streams/{id}/forecast", "/api/v1/streams/{id}/decisions",
        "/api/v1/drops", "/api/v1/recent", "/api/v1/events",
    ]
    /// The most streams of one page, and how many it has if the request does not say.
    static let pageLimit = 1000
    static let defaultPageLimit = 100
    /// The most streams whose newest values are told at once, and the most of these.
    static let recentLimit = 100
    static let recentLength = 64

    /// The most patterns of streams whose drops are asked for.
    static let patternsLimit = 16

    let source: any MonitoringSource
    let feed: EventFeed
    /// Whether requests are meant for this machine alone.
    ///
    /// A page elsewhere can make a browser ask us under its own name (DNS rebinding); then `Host` is that name.
    let isLoopbackOnly: Bool
    /// What requests have to show but for those of health; nil for nothing.
    let token: BearerToken?

    /// Answers a request, whatever it is.
    func answer(_ head: Head) async -> Answer {
        do throws(MonitoringProblem) {
            return try await answer(checked: head)
        } catch {
            return Self.answer(error)
        }
    }

    /// The answer that says what is wrong.
    static func answer(_ problem: MonitoringProblem) -> Answer {
        answer(problem.body, status: problem.status.rawValue)
    }

    private func answer(checked head: Head) async throws(MonitoringProblem) -> Answer {
        guard !isLoopbackOnly || head.host.map(LoopbackName.matches) ?? true else {
            throw MonitoringProblem(
                .misdirected, expected: "a Host of this machine, as localhost or 127.0.0.1",
                found: MonitoringRequest.quoted(head.host ?? ""))
        }
        guard head.method == "GET" || head.method == "HEAD" else {
            throw MonitoringProblem(
                .methodNotAllowed, expected: "GET or HEAD; nothing is changed over HTTP",
                found: MonitoringRequest.quoted(head.method))
        }
        guard !head.hasBody else {
            throw MonitoringProblem(.contentTooLarge, expected: "a request without a body", found: "a body")
        }
        let request = try MonitoringRequest(target: head.target)
        let isHealth = [["healthz"], ["readyz"]].contains(request.path)
        if let token, !isHealth, !token.isShown(by: head.authorization) {
            throw MonitoringProblem(
                .unauthorized, expected: "Authorization: Bearer and the token of http.token",
                found: head.authorization == nil ? "no such header" : "another one")
        }
        switch request.path {
        case ["healthz"]:
            try request.allow([])
            try source.checkHealth()
            return Self.answer(["status": "ok"])
        case ["readyz"]:
            try request.allow([])
            try source.checkReadiness()
            return Self.answer(["status": "ok"])
        case ["metrics"]:
            try request.allow([])
            let text = PrometheusText.text(try await source.metrics() + (await feed.viewers).metrics)
            return Answer(body: Array(text.utf8), type: PrometheusText.type)
        case let path where path.starts(with: ["api", "v1"]):
            return try await answer(api: Array(path.dropFirst(2)), request, head)
        default:
            guard let file = PageFile.named(request.path) else { throw Self.notFound(head) }
            try request.allow([])
            return Answer(body: try file.contents(), type: file.type, policy: PageFile.policy)
        }
    }

    private func answer(
        api path: [String], _ request: MonitoringRequest, _ head: Head
    ) async throws(MonitoringProblem) -> Answer {
        switch (path.first, path.count, path.last) {
        case ("status", 1, _):
            try request.allow([])
            var status = try source.status()
            status.viewers = await feed.viewers
            return Self.answer(status)
        case ("streams", 1, _):
            try request.allow(["limit", "after", "match"])
            let limit = try request.number("limit", in: 1...Self.pageLimit, orElse: Self.defaultPageLimit)
            return Self.answer(
                try await source.streams(
                    match: request.parameters["match"], after: request.parameters["after"], limit: limit))
        case ("streams", 2, _):
            try request.allow([])
            return Self.answer(try await source.stream(path[1]))
        case ("streams", 3, "history"):
            try request.allow([])
            return Self.answer(try await source.history(path[1]))
        case ("streams", 3, "forecast"):
            try request.allow([])
            return Self.answer(try await source.history(path[1]).forecast)
        case ("streams", 3, "decisions"):
            try request.allow([])
            return Self.answer(try await source.decisions(path[1]))
        case ("drops", 1, _):
            try request.allow(["after", "match"])
            return Self.answer(
                try await source.drops(after: request.parameters["after"], match: try Self.patterns(request)))
        case ("recent", 1, _):
            try request.allow(["streams", "limit"])
            let limit = try request.number("limit", in: 1...Self.recentLength, orElse: Self.recentLength)
            return Self.answer(try await source.recent(try Self.identifiers(request), limit: limit))
        case ("events", 1, _):
            try request.allow(["after"])
            guard head.method == "GET" else { return Answer(type: "text/event-stream") }
            let last = head.lastEvent ?? request.parameters["after"]
            return Answer(type: "text/event-stream", listener: try await feed.listen(after: last))
        default: throw Self.notFound(head)
        }
    }

    private static func identifiers(_ request: MonitoringRequest) throws(MonitoringProblem) -> [String] {
        let identifiers = request.parameters["streams"]?.split(separator: ",").map(String.init) ?? []
        guard (1...recentLimit).contains(identifiers.count) else {
            throw MonitoringProblem(
                .badRequest, expected: "streams: 1 to \(recentLimit) ids with commas between them",
                found: "\(identifiers.count)")
        }
        return identifiers
    }

    private static func patterns(_ request: MonitoringRequest) throws(MonitoringProblem) -> [String] {
        guard let text = request.parameters["match"] else { return [] }
        let patterns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard patterns.count <= patternsLimit else {
            throw MonitoringProblem(
                .badRequest, expected: "match: at most \(patternsLimit) patterns with commas between them",
                found: "\(patterns.count)")
        }
        return patterns
    }

    private static func notFound(_ head: Head) -> MonitoringProblem {
        MonitoringProblem(
            .notFound,
            expected:
                "one of \(paths.joined(separator: ", ")), the / in an id written as %2F; the page is at /",
            found: MonitoringRequest.quoted(head.target))
    }

    private static func answer(_ value: some Encodable, status: Int = 200) -> Answer {
        // The source leaves out numbers that JSON lacks; a problem is but text.
        guard let body = json(value) else { return answer(notFinite) }
        return Answer(status: status, body: body + [UInt8(ascii: "\n")])
    }

    static let notFinite = MonitoringProblem(
        .internalError, expected: "a report of finite numbers; this is a mistake of forecastd",
        found: "one that JSON cannot say")

    /// A value as JSON; nil if it has numbers that JSON lacks.
    static func json(_ value: some Encodable) -> [UInt8]? {
        let encoder = Foundation.JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map(Array.init)
    }
}

/// The names that a machine has for itself.
package enum LoopbackName {
    /// Whether `authority`, with or without a port, names this machine.
    package static func matches(_ authority: String) -> Bool {
        let host = host(of: authority).lowercased()
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { UInt8($0) != nil && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }

    private static func host(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        let port = authority[authority.index(after: colon)...]
        return port.utf8.allSatisfy { (48...57).contains($0) } ? String(authority[..<colon]) : authority
    }
}
