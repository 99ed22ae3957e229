// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Monitoring
import Synchronization
import TestSupport
import Testing

/// A real server in this process, asked over real sockets.
@Suite(.serialized) struct MonitoringServerTests {
    @Test func reportsAreServedAsJSON() async throws {
        try await withServer { port in
            let decoder = Foundation.JSONDecoder()
            let status = try await get("/api/v1/status", port: port)
            #expect(status.status == 200)
            #expect(status.headers["content-type"] == "application/json")
            #expect(status.headers["cache-control"] == "no-store")
            #expect(status.headers["x-content-type-options"] == "nosniff")
            #expect(status.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(
                try decoder.decode(DaemonReport.self, from: Data(status.body.utf8)) == SampleSource.status)
            let page = try await get("/", port: port)
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["content-security-policy"]?.contains("script-src 'self'; ") == true)
            let list = try await get("/api/v1/streams", port: port)
            #expect(
                try decoder.decode(StreamPage.self, from: Data(list.body.utf8))
                    == StreamPage(streams: ["a/b", "plant:1"].map(SampleSource.report), next: "further"))
            for path in ["/healthz", "/readyz"] {
                #expect(try await get(path, port: port).body == "{\"status\":\"ok\"}\n")
            }
        }
    }

    /// Each target, the status of its answer, and what the source was asked.
    static let targets: [(target: String, status: Int, asked: [String])] = [
        ("/api/v1/streams/plant:1", 200, ["plant:1"]),
        ("/api/v1/streams/plant%3a1", 200, ["plant:1"]),
        ("/api/v1/streams/a%2Fb", 200, ["a/b"]),
        ("/api/v1/streams/a/b", 404, []),
        ("/api/v1/streams/other", 404, ["other"]),
        ("/api/v1/streams/", 404, [""]),
        ("/api/v1/streams/%C3%A9", 404, ["é"]),
        ("/api/v1/streams/%FF", 400, []),
        ("/api/v1/streams/%2", 400, []),
        ("/api/v1/streams/%zz", 400, []),
        ("/api/v1/streams/a%00b", 404, ["a\0b"]),
        ("/api/v1/streams/plant:1?limit=1", 400, []),
        ("/api/v1/streams?limit=1000&match=p*&after=x", 200, ["match p* after x limit 1000"]),
        ("/api/v1/streams?match=%2A%2f", 200, ["match */ after - limit 100"]),
        ("/api/v1/streams?", 200, ["match - after - limit 100"]),
        ("/api/v1/streams?limit=0", 400, []),
        ("/api/v1/streams?limit=1001", 400, []),
        ("/api/v1/streams?limit=-1", 400, []),
        ("/api/v1/streams?limit=", 400, []),
        ("/api/v1/streams?limit=99999999999999999999", 400, []),
        ("/api/v1/streams?limit=1&limit=2", 400, []),
        ("/api/v1/streams?%=1", 400, []),
        ("/api/v1/streams?sort=id", 400, []),
        ("/api/v1/status?x", 400, []),
        ("/healthz?x=1", 400, []),
        ("/", 200, []),
        ("/?q", 400, []),
        ("/page/main.js", 200, []),
        ("/page/main.jss", 404, []),
        ("/page/../page/main.js", 404, []),
        ("/page/..%2f..%2fetc/passwd", 404, []),
        ("/api/v1/streams/a%2Fb/history", 200, ["history a/b"]),
        ("/api/v1/streams/a%2Fb/forecast", 200, ["history a/b"]),
        ("/api/v1/streams/a%2Fb/else", 404, []),
        ("/api/v1/streams/a%2Fb/history/", 404, []),
        ("/api/v1/recent?streams=a%2Fb,plant:1&limit=3", 200, ["recent a/b plant:1 limit 3"]),
        ("/api/v1/streams/a%2Fb/decisions", 200, ["decisions a/b"]),
        ("/api/v1/streams/a%2Fb/decisions?limit=1", 400, []),
        ("/api/v1/drops", 200, ["drops after - match "]),
        ("/api/v1/drops?after=1-2&match=a*,plant.%3F", 200, ["drops after 1-2 match a* plant.?"]),
        ("/api/v1/drops?match=\(Array(repeating: "a", count: 17).joined(separator: ","))", 400, []),
        ("/api/v1/recent", 400, []),
        ("/api/v1/recent?streams=", 400, []),
        ("/api/v1/recent?streams=a&limit=65", 400, []),
        ("/api/v1/recent?streams=\(Array(repeating: "a", count: 101).joined(separator: ","))", 400, []),
        ("/api/v1/events?x", 400, []),
        ("/api/v1/events/", 404, []),
        ("//", 404, []),
        ("/api/v1/streams/..", 404, [".."]),
        ("/api/v1/status/", 404, []),
        ("/API/V1/STATUS", 404, []),
        ("*", 400, []),
        ("http://localhost/healthz", 200, []),
    ]

    @Test func eachTargetHasItsAnswer() async throws {
        for row in Self.targets {
            let source = SampleSource()
            try await withServer(source) { port in
                let answer = try await get(row.target, port: port)
                #expect(answer.status == row.status, "\(row.target): \(answer.body)")
                if row.status != 200 { try Self.expectProblem(answer, row.target) }
            }
            #expect(source.asked.withLock { $0 } == row.asked, "\(row.target)")
        }
    }

    /// Every problem is said in the same shape.
    static func expectProblem(_ answer: HTTPExchange.Answer, _ name: String) throws {
        #expect(answer.headers["content-type"] == "application/json", "\(name)")
        let body = try JSONDecoder().decode(MonitoringProblem.Body.self, from: Data(answer.body.utf8))
        #expect(!body.error.expected.isEmpty && !body.error.found.isEmpty, "\(name)")
    }

    /// What JSON cannot say is a problem, and no end of the daemon.
    @Test(arguments: [Double.infinity, .nan]) func aReportThatIsNotFiniteIsAProblem(y: Double) async throws {
        try await withServer(SampleSource(y: y)) { port in
            for _ in 0..<2 {
                let answer = try await get("/api/v1/streams/plant:1", port: port)
                #expect(answer.status == 500)
                try Self.expectProblem(answer, "\(y)")
            }
        }
    }

    @Test func anUnwellDaemonIsUnavailable() async throws {
        try await withServer(SampleSource(problem: SampleSource.unwell)) { port in
            for path in ["/healthz", "/readyz", "/api/v1/status"] {
                let answer = try await get(path, port: port)
                #expect(answer.status == 503)
                #expect(answer.body == "{\"error\":{\"expected\":\"a turn\",\"found\":\"none\"}}\n")
            }
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
    func nothingIsChanged(method: String) async throws {
        try await withServer { port in
            let target = method == "CONNECT" ? "localhost:80" : "/healthz"
            let answer = try await get(target, port: port, method: method)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, HEAD")
            try Self.expectProblem(answer, method)
        }
    }

    @Test func aHeadHasNoBody() async throws {
        try await withServer { port in
            let answer = try await get("/healthz", port: port, method: "HEAD")
            #expect(answer.status == 200 && answer.body == "" && answer.headers["content-length"] == "16")
        }
    }

    /// A name that somebody else's page has for this machine is no reason to answer it.
    @Test func onlyThisMachineAsks() async throws {
        try await withServer { port in
            for host in ["localhost", "127.0.0.1:\(port)", "LOCALHOST:1", "[::1]:80", "127.1.2.3"] {
                #expect(try await get("/healthz", port: port, host: host).status == 200, "\(host)")
            }
            for host in ["example.org", "127.0.0.1.example.org", "localhost.", "10.0.0.1", "", "127.0.0.-0"] {
                let answer = try await get("/healthz", port: port, host: host)
                #expect(answer.status == 421, "\(host)")
                try Self.expectProblem(answer, host)
            }
        }
        try await withServer(host: "0.0.0.0") { port in
            let answer = try await get("/healthz", port: port, host: "example.org")
            #expect(answer.status == 200)
        }
    }

    @Test func aConnectionTakesSeveralRequests() async throws {
        try await withServer { port in
            let connection = try HTTPExchange(port: port)
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
            connection.send("\(request)\r\n\(request)\r\n\(request)Connection: close\r\n\r\n")
            #expect(try await connection.awaitEnd().split(separator: "{\"status\":\"ok\"}").count == 4)
        }
    }

    @Test func aPortInUseIsSaid() async throws {
        try await withServer { port in
            await #expect(throws: MonitoringServer.ListeningError.self) {
                try await withServer(port: port) { _ in Issue.record("two servers on one port") }
            }
        }
    }
}
