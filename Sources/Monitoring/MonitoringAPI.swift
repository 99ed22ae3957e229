// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is served over HTTP, apart from HTTP itself: a request in, an answer out.
package struct MonitoringAPI: Sendable {
    /// An answer: a status and a body of JSON.
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
    }

    /// A request as far as it matters here.
    struct Head: Sendable {
        var method: String
        var target: String
        var host: String?
        var hasBody: Bool
    }

    /// The paths that there are.
    package static let paths = [
        "/healthz", "/readyz", "/api/v1/status", "/api/v1/streams", "/api/v1/streams/{id}",
    ]
    /// The most streams of one page, and how many it has if the request does not say.
    static let pageLimit = 1000
    static let defaultPageLimit = 100

    let source: any MonitoringSource
    /// Whether requests are meant for this machine alone.
    ///
    /// A page elsewhere can make a browser ask us under its own name (DNS rebinding); then `Host` is that name.
    let isLoopbackOnly: Bool

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
        switch request.path {
        case ["healthz"]:
            try request.allow([])
            try source.checkHealth()
            return Self.answer(["status": "ok"])
        case ["readyz"]:
            try request.allow([])
            try source.checkReadiness()
            return Self.answer(["status": "ok"])
        case ["api", "v1", "status"]:
            try request.allow([])
            return Self.answer(try source.status())
        case ["api", "v1", "streams"]:
            try request.allow(["limit", "after", "match"])
            let limit = try request.number("limit", in: 1...Self.pageLimit, orElse: Self.defaultPageLimit)
            return Self.answer(
                try await source.streams(
                    match: request.parameters["match"], after: request.parameters["after"], limit: limit))
        case let path where path.count == 4 && path.starts(with: ["api", "v1", "streams"]):
            try request.allow([])
            return Self.answer(try await source.stream(path[3]))
        default:
            throw MonitoringProblem(
                .notFound,
                expected: "one of \(Self.paths.joined(separator: ", ")), the / in an id written as %2F",
                found: MonitoringRequest.quoted(head.target))
        }
    }

    private static func answer(_ value: some Encodable, status: Int = 200) -> Answer {
        let encoder = Foundation.JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The source leaves out numbers that JSON lacks; a problem is but text.
        guard let data = try? encoder.encode(value) else {
            return answer(
                MonitoringProblem(
                    .internalError, expected: "a report of finite numbers; this is a mistake of forecastd",
                    found: "one that JSON cannot say"))
        }
        return Answer(status: status, body: Array(data) + [UInt8(ascii: "\n")])
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
