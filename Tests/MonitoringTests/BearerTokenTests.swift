// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring
import TestSupport
import Testing

/// With a token, all but health is told to nobody who does not show it.
@Suite(.serialized) struct BearerTokenTests {
    static let token = "0123456789abcdef"

    @Test(arguments: [
        ("", 401), ("Authorization: Bearer \(token)\r\n", 200), ("authorization: bearer  \(token)\r\n", 200),
        ("Authorization: Bearer \(token)0\r\n", 401), ("Authorization: Bearer 0123456789abcdeF\r\n", 401),
        ("Authorization: Bearer 0123456789abcde\r\n", 401), ("Authorization: Bearer \r\n", 401),
        ("Authorization: \(token)\r\n", 401), ("Authorization: Basic \(token)\r\n", 401),
        ("Authorization: Bearer \(token) \(token)\r\n", 401), ("X-Authorization: Bearer \(token)\r\n", 401),
    ])
    func whoShowsItIsAnswered(header: String, status: Int) async throws {
        try await withServer(token: BearerToken(Self.token)) { port in
            for target in ["/api/v1/status", "/api/v1/streams", "/metrics", "/", "/page/main.js", "/else"] {
                let answer = try await get(target, port: port, headers: header)
                let expected = target == "/else" && status == 200 ? 404 : status
                #expect(answer.status == expected, "\(target): \(answer)")
                #expect(answer.headers["www-authenticate"] == (status == 401 ? "Bearer" : nil))
                if status == 401 { #expect(!answer.body.contains("0123")) }
            }
            for target in ["/healthz", "/readyz"] {
                #expect(try await get(target, port: port, headers: header).status == 200)
            }
        }
    }

    @Test func aClientShowsIt() async throws {
        try await withServer(token: BearerToken(Self.token)) { port in
            for (token, status) in [(Self.token, 200), ("of-another-daemon", 401), (nil, 401)] {
                let client = try #require(
                    MonitoringClient(
                        url: "http://127.0.0.1:\(port)", token: token.flatMap { BearerToken($0) }))
                #expect(try await client.get("/api/v1/status").status == status)
            }
        }
    }

    @Test(arguments: ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcd\"f", "0123456789abcdé"])
    func otherTextsAreNoTokens(text: String) { #expect(BearerToken(text) == nil) }
}
