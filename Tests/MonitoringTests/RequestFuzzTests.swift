// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring
import TestSupport
import Testing

/// Requests by chance, as a browser, a scanner or a broken client might send them.
@Suite(.serialized) struct RequestFuzzTests {
    static let methods = [
        "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
        "TRACE", "CONNECT",
        "PROPFIND", "get",
    ]
    static let paths =
        MonitoringAPI.paths.filter { $0 != "/api/v1/events" } + [
            "/", "/page/main.js", "/page/../../etc/passwd", "/api/v1/streams/..%2f..%2fetc%2fpasswd", "/%00",
            "//", "",
            "/api/v1/streams/%F0%9F%92%A9", "/api/v1/streams/<script>", "/api/v1/streams/a%0d%0aX:%20y",
            "/api/v1/streams?limit=-1", "/api/v1/streams?limit=99999999999999999999",
            "/api/v1/streams?after=%00",
            "/api/v1/recent?streams=,,,", "http://example.org/healthz", "*", "/metrics?name[]=x",
        ]
    static let hosts = [
        "localhost", "localhost", "localhost", "localhost", "localhost", "127.0.0.1:8080", "[::1]",
        "example.org", "127.0.0.1.example.org", "", "local host",
    ]
    static let headers = [
        "Origin: http://example.org", "Origin: null", "Cookie: a=b", "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue", "Upgrade: websocket", "Connection: Upgrade", "Range: bytes=0-1",
        "X-HTTP-Method-Override: POST",
        "Access-Control-Request-Method: PUT", "Last-Event-ID: 18446744073709551616", "If-None-Match: *",
    ]

    struct Request {
        var text: String
        var method: String
        var host: String

        init(_ random: inout SeededGenerator) {
            method = methods.randomElement(using: &random)!
            host = hosts.randomElement(using: &random)!
            var target = paths.randomElement(using: &random)!
            if Int.random(in: 0..<8, using: &random) == 0 {
                target += String(repeating: "a/", count: Int.random(in: 1...8000, using: &random))
            }
            text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                text += headers.randomElement(using: &random)! + "\r\n"
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                let value = String(repeating: "y", count: Int.random(in: 1...20_000, using: &random))
                text += "X-Long: \(value)\r\n"
            }
            text += "\r\n"
            if Int.random(in: 0..<8, using: &random) == 0 {
                text = String(text.prefix(Int.random(in: 0...text.count, using: &random)))
            }
        }
    }

    /// Whatever is asked: an answer of a status that we know or the end of the connection, to nobody elsewhere, and
    /// nothing but GET and HEAD does anything.
    @Test(arguments: [11, 12, 13, 14]) func requestsByChanceAreAnsweredOrCut(seed: UInt64) async throws {
        var limits = MonitoringServer.Limits()
        limits.idle = .milliseconds(100)
        try await withServer(limits: limits) { port in
            var random = SeededGenerator(seed: seed)
            var answered = 0
            for number in 0..<150 {
                let request = Request(&random)
                let connection = try HTTPExchange(port: port)
                connection.send(request.text)
                let answer = try await connection.awaitAnswer()
                let note: Comment =
                    "seed \(seed), request \(number): \(request.text.prefix(300)) -> \(answer)"
                #expect([0, 200, 400, 404, 405, 413, 421, 431].contains(answer.status), note)
                if answer.status == 200 {
                    answered += 1
                    #expect(["GET", "HEAD"].contains(request.method), note)
                    #expect(LoopbackName.matches(request.host) || request.text.contains(" http://"), note)
                    #expect(answer.headers["content-security-policy"] != nil, note)
                }
                #expect(answer.headers.keys.allSatisfy { !$0.hasPrefix("access-control") }, note)
                #expect(!answer.body.contains("root:"), note)
                if request.method == "HEAD" && answer.status == 200 { #expect(answer.body.isEmpty, note) }
            }
            #expect(answered > 3, "seed \(seed)")
            #expect(try await isServed(port), "seed \(seed)")
        }
    }

    /// Far more connections than are served at once, which say nothing or a half: they end, and a request is answered.
    @Test func aFloodOfConnectionsPasses() async throws {
        var limits = MonitoringServer.Limits()
        limits.idle = .milliseconds(200)
        try await withServer(limits: limits) { port in
            for _ in 0..<5 {
                let flood = try (0..<400).map { number in
                    let connection = try HTTPExchange(port: port)
                    if number.isMultiple(of: 2) { connection.send("GET /api/v1/sta") }
                    return connection
                }
                #expect(try await isServed(port))
                for connection in flood { _ = try await connection.awaitEnd() }
            }
        }
    }

    /// A machine that is busy elsewhere may let a connection sit for longer than it may.
    private func isServed(_ port: Int) async throws -> Bool {
        for _ in 0..<50 where try await get("/healthz", port: port).status == 200 { return true }
        return false
    }
}
