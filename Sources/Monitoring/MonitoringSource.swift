// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where the reports come from that are served.
package protocol MonitoringSource: Sendable {
    /// Says nothing while the daemon lives and works, or else why it does not.
    func checkHealth() throws(MonitoringProblem)
    /// Says nothing while values are taken in, or else why they are not.
    func checkReadiness() throws(MonitoringProblem)
    /// What the daemon says of itself.
    func status() throws(MonitoringProblem) -> DaemonReport
    /// The figures that Prometheus asks for.
    func metrics() async throws(MonitoringProblem) -> [MetricFamily]
    /// What is known of one stream.
    func stream(_ identifier: String) async throws(MonitoringProblem) -> StreamReport
    /// At most `limit` streams that match a pattern, after those of an earlier page.
    func streams(
        match: String?, after: String?, limit: Int
    ) async throws(MonitoringProblem) -> StreamPage
    /// The near past of a stream, with its newest forecast.
    func history(_ identifier: String) async throws(MonitoringProblem) -> StreamHistory
    /// What was decided for a stream of late.
    func decisions(_ identifier: String) async throws(MonitoringProblem) -> StreamDecisions
    /// What was dropped since what an earlier answer told, of streams that match one of some patterns, or of all.
    func drops(after: String?, match: [String]) async throws(MonitoringProblem) -> DropReport
    /// At most `limit` newest values of each of some streams.
    func recent(_ identifiers: [String], limit: Int) async throws(MonitoringProblem) -> RecentValues
    /// Names this life of the daemon and the rules in force: with another name, rules and streams are numbered anew.
    var life: String { get }
    /// The rules that streams follow, in their order.
    var rules: [EventFeed.Rule] { get }
    /// What changed about streams since what `marks` say was told; without marks, everything.
    func changes(since marks: [StreamChanges.Mark]?) async throws(MonitoringProblem) -> StreamChanges
}

/// Why there is no answer: what was expected, and what was found.
package struct MonitoringProblem: Error, Sendable, Equatable {
    /// The statuses of HTTP that problems have.
    package enum Status: Int, Sendable {
        /// The request is not understood.
        case badRequest = 400
        /// The request does not show the token.
        case unauthorized = 401
        /// There is nothing of that name.
        case notFound = 404
        /// Nothing is changed over HTTP.
        case methodNotAllowed = 405
        /// A request has no body.
        case contentTooLarge = 413
        /// The request was meant for another server.
        case misdirected = 421
        /// The request's head is too long.
        case headTooLarge = 431
        /// The daemon has an answer that cannot be told.
        case internalError = 500
        /// The daemon cannot answer now.
        case unavailable = 503
    }

    /// The status.
    package var status: Status
    /// What was expected, and what to do.
    package var expected: String
    /// What was found.
    package var found: String

    /// Makes a problem.
    package init(_ status: Status, expected: String, found: String) {
        self.status = status
        self.expected = expected
        self.found = found
    }
}

extension MonitoringProblem {
    /// The body of the answer: every problem has this shape.
    package struct Body: Codable, Sendable, Equatable {
        /// The problem's words.
        package struct Words: Codable, Sendable, Equatable {
            /// What was expected, and what to do.
            package var expected: String
            /// What was found.
            package var found: String
        }

        /// The problem's words.
        package var error: Words
    }

    var body: Body { Body(error: .init(expected: expected, found: found)) }
}
