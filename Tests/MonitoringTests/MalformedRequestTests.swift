// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring
import TestSupport
import Testing

/// What is no request, or too much of one, is answered or cut, and the next one served.
@Suite(.serialized) struct MalformedRequestTests {
    static let long = String(repeating: "x", count: 9000)
    static let head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"

    /// Bytes, and the status of the answer; 0 where the connection is cut.
    static let requests: [(name: String, bytes: String, statuses: Set<Int>)] = [
        ("too long a target", "GET /\(long) HTTP/1.1\r\n\r\n", [431]),
        ("too long a header", "\(head)X: \(long)\r\n\r\n", [431]),
        ("too long a name", "\(head)\(long): x\r\n\r\n", [431]),
        (
            "too many headers",
            head + (0..<200).map { "X\($0): y\r\n" }.joined() + "\r\n", [431]
        ),
        ("a body", "\(head)Content-Length: 3\r\n\r\nabc", [413]),
        ("a body that never comes", "\(head)Content-Length: 999999999999\r\n\r\n", [413]),
        ("a chunked body", "\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", [413]),
        ("two lengths", "\(head)Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", [400]),
        ("a negative length", "\(head)Content-Length: -1\r\n\r\n", [400]),
        ("a length that is none", "\(head)Content-Length: x\r\n\r\n", [400]),
        ("no HTTP", "hello\r\n\r\n", [400]),
        ("an unknown method", "FORECAST / HTTP/1.1\r\n\r\n", [400]),
        ("TLS", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\u{01}\u{FC}\u{03}\u{03}", [400]),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
        ("no version", "GET /healthz\r\n\r\n", [400]),
        ("a control character", "GET /\u{01} HTTP/1.1\r\n\r\n", [400, 404]),
        ("a header without a colon", "\(head)X\r\n\r\n", [400]),
        ("a request and rubbish", "\(head)\r\n\(long)\r\n\r\n", [200]),
    ]

    @Test func isAnsweredOrCut() async throws {
        var limits = MonitoringServer.Limits()
        limits.idle = .milliseconds(300)
        try await withServer(limits: limits) { port in
            for request in Self.requests {
                let connection = try HTTPExchange(port: port)
                connection.send(request.bytes)
                let answer = try await connection.awaitAnswer()
                #expect(request.statuses.contains(answer.status), "\(request.name): \(answer)")
                if answer.status != 200 {
                    try MonitoringServerTests.expectProblem(answer, request.name)
                }
                #expect(try await get("/healthz", port: port).status == 200, "after \(request.name)")
            }
        }
    }

    /// A peer that says nothing, or half of something, does not keep its connection.
    @Test(arguments: ["", "GET", "GET /healthz HTTP/1.1\r\nHost: local", "GET /healthz HTTP/1.1\r\n\r\n"])
    func anIdleConnectionIsCut(bytes: String) async throws {
        var limits = MonitoringServer.Limits()
        limits.idle = .milliseconds(200)
        try await withServer(limits: limits) { port in
            let connection = try HTTPExchange(port: port)
            connection.send(bytes)
            #expect(try await connection.awaitAnswer().status == (bytes.hasSuffix("\r\n\r\n") ? 200 : 0))
        }
    }

    /// Connections above the limit wait, and are served when others end.
    @Test func connectionsAreLimited() async throws {
        var limits = MonitoringServer.Limits()
        limits.connections = 4
        limits.idle = .milliseconds(300)
        try await withServer(limits: limits) { port in
            let silent = try (0..<12).map { _ in try HTTPExchange(port: port) }
            #expect(try await get("/healthz", port: port).status == 200)
            for connection in silent { #expect(try await connection.awaitEnd() == "") }
        }
    }

    /// A peer that asks over and over and never reads holds up neither others nor the end.
    @Test func aPeerThatDoesNotReadIsCut() async throws {
        var limits = MonitoringServer.Limits()
        limits.stall = .milliseconds(300)
        limits.shutdown = .milliseconds(300)
        let source = SampleSource((0..<1000).map { "stream.\($0)" })
        try await withServer(source, limits: limits) { port in
            let deaf = try HTTPExchange(port: port)
            let request = "GET /api/v1/streams?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            deaf.send(String(repeating: request, count: 100))
            for _ in 0..<10 { #expect(try await get("/healthz", port: port).status == 200) }
        }
    }

    /// Bytes by chance, and requests with bytes changed: nothing takes the server down.
    @Test(arguments: [1, 2, 3]) func rubbishDoesNoHarm(seed: UInt64) async throws {
        var limits = MonitoringServer.Limits()
        limits.idle = .milliseconds(100)
        try await withServer(limits: limits) { port in
            var random = SeededGenerator(seed: seed)
            let request = Array(
                "GET /api/v1/streams?limit=5&match=%2a HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            for _ in 0..<100 {
                var bytes = request
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                let connection = try HTTPExchange(port: port)
                connection.send(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)) + [])
            }
            #expect(try await get("/healthz", port: port).status == 200, "seed \(seed)")
        }
    }
}
