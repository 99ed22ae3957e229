// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A daemon's reports over real HTTP, and `forecastd state show`.
@Suite(.serialized) struct HTTPTests {
    struct Page: Decodable {
        struct Stream: Decodable, Equatable {
            struct Observation: Decodable, Equatable {
                var ts: String
                var y: Double
            }
            var stream: String
            var status: String
            var every: String
            var newest: Observation
            var ticks: Int
            var seq: Int
            var yhat: Double?
            var age: Double
        }
        var streams: [Stream]
        var next: String?
    }

    struct Status: Decodable {
        struct Streams: Decodable {
            var known: Int
            var limit: Int
        }
        struct Input: Decodable {
            var observations: Int
            var drops: [String: Int]
        }
        var epoch: String
        var version: String
        var pipelines: Int
        var streams: Streams
        var inputs: [Input]
    }

    static func decoded<Body: Decodable>(_ target: String, port: Int, as: Body.Type = Body.self) throws
        -> Body
    {
        let answer = try HTTPExchange.get(target, port: port)
        try #require(answer.status == 200, "\(target): \(answer)")
        return try JSONDecoder().decode(Body.self, from: Data(answer.body.utf8))
    }

    /// All streams, page by page.
    static func allStreams(port: Int, limit: Int, match: String = "*") throws -> [Page.Stream] {
        var streams: [Page.Stream] = []
        var target = "/api/v1/streams?limit=\(limit)&match=\(match)"
        while true {
            let page = try decoded(target, port: port, as: Page.self)
            #expect(page.streams.count <= limit)
            streams += page.streams
            guard let next = page.next else { return streams }
            target = "/api/v1/streams?limit=\(limit)&match=\(match)&after=\(next)"
        }
    }

    @Test(arguments: ["1", "3"]) func aStreamIsReportedAsItsForecastsSay(pipelines: String) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 3, horizon: 4", pipelines: pipelines,
            more: "http: {bind: 127.0.0.1:\(port)}")
        for second in 0..<5 {
            try scenario.send(
                (0..<12).map { ForecastTests.json("plant/\($0):x", Double($0 + second), at: second) })
        }
        let received = try scenario.receive(60)
        try scenario.send([["plant/0:x", "{"]])
        let streams = try Self.allStreams(port: port, limit: 5)
        #expect(Set(streams.map(\.stream)) == Set((0..<12).map { "plant/\($0):x" } + ["probe"]))
        for stream in streams where stream.stream != "probe" {
            let last = try #require(received.last { $0.topic == stream.stream })
            #expect(stream.newest.y == last.payload.y && stream.seq == last.sequence && stream.ticks == 5)
            #expect(stream.status == "ok" && stream.every == "event" && stream.age > 0)
            let (yhat, forecast) = (try #require(stream.yhat), try #require(last.payload.yhat[0]))
            #expect(abs(yhat - forecast) < 1e-3)
            let name = stream.stream.replacing("/", with: "%2F")
            let single = try Self.decoded("/api/v1/streams/\(name)", port: port, as: Page.Stream.self)
            #expect(single.newest == stream.newest)
        }
        let unknown = try HTTPExchange.get("/api/v1/streams/plant", port: port)
        #expect(unknown.status == 404 && unknown.body.contains("/api/v1/streams lists them"))
        #expect(try HTTPExchange.get("/api/v1/streams/%20", port: port).status == 400)
        #expect(try HTTPExchange.get("/api/v1/streams?match=a%20b", port: port).status == 400)
        #expect(try HTTPExchange.get("/api/v1/streams?after=0-0-0", port: port).status == 400)
        for path in ["/healthz", "/readyz"] {
            #expect(try HTTPExchange.get(path, port: port).status == 200)
        }
        // Reports come at most ten times a second, from each thread.
        var status = try Self.decoded("/api/v1/status", port: port, as: Status.self)
        while status.inputs[0].drops["syntax"] != 1 || status.streams.known < 13 {
            status = try Self.decoded("/api/v1/status", port: port, as: Status.self)
        }
        #expect(status.epoch == received[0].payload.epoch && "\(status.pipelines)" == pipelines)
        #expect(status.streams.known == 13 && status.streams.limit == 1000)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Values whose deviation is no number end nothing, and are told but for that.
    @Test func hugeValuesAreReported() throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(
            rule: "scale: rolling, warmup: 0, window_length: 64",
            more: "http: {bind: 127.0.0.1:\(port)}")
        let values = [0, 0, 0, 0, 0, 0, 0, 0, 0, 2e154, 1, 1]
        try scenario.send(values.enumerated().map { ForecastTests.json("plant", $0.element, at: $0.offset) })
        _ = try scenario.receive(values.count)
        let stream = try Self.decoded("/api/v1/streams/plant", port: port, as: Page.Stream.self)
        #expect(stream.newest.y == 1)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Neither twice nor left out, while values go on coming and new streams begin.
    @Test(arguments: ["1", "2"]) func manyStreamsArePagedCompletely(pipelines: String) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(
            limit: 20_000, pipelines: pipelines, more: "http: {bind: 127.0.0.1:\(port)}")
        let identifiers = (0..<10_000).map { "plant.\($0)" }
        for start in stride(from: 0, to: identifiers.count, by: 1000) {
            try scenario.send(identifiers[start..<start + 1000].map { [$0, #"{"value":1}"#] })
            _ = try scenario.receive(1000)
        }
        var target = "/api/v1/streams?limit=700&match=plant.*"
        var seen: [String] = []
        var round = 0
        while true {
            try scenario.send((0..<500).map { ["plant.\($0)", #"{"value":2}"#] })
            try scenario.send((0..<50).map { ["new.\(round).\($0)", #"{"value":2}"#] })
            round += 1
            let page = try Self.decoded(target, port: port, as: Page.self)
            seen += page.streams.map(\.stream)
            guard let next = page.next else { break }
            target = "/api/v1/streams?limit=700&match=plant.*&after=\(next)"
        }
        #expect(seen.count == identifiers.count)
        #expect(Set(seen) == Set(identifiers))
        #expect(round >= 15)
        _ = try scenario.receive(550 * round)
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func stateIsShown() throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(more: "http: {bind: 127.0.0.1:\(port)}")
        try scenario.send([
            ForecastTests.json("plant.b", 2, at: 1), ForecastTests.json("plant.a", 1, at: 1),
            ForecastTests.json("lab.a", 3, at: 1),
        ])
        _ = try scenario.receive(3)
        let file = scenario.directory.url.appending(path: "state.yaml")
        try scenario.configuration.write(to: file, atomically: false, encoding: .utf8)
        func show(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
            try DaemonProcess.run(["state", "show"] + arguments, in: scenario.directory)
        }
        let table = try show("--config", file.path, "--match", "plant.*")
        #expect(try show("--config", file.path, "plant.*").output.hasPrefix("stream "))
        #expect(table.status == 0, "\(table.errors)")
        let lines = table.output.split(separator: "\n")
        #expect(lines.map { $0.prefix { $0 != " " } } == ["stream", "plant.a", "plant.b"])
        let url = "http://127.0.0.1:\(port)"
        let page = try show("plant.b", "--url", url)
        #expect(page.output.contains("newest value   2.0 at "), "\(page)")
        let json = try show("plant.b", "--url", url, "--json")
        #expect(json.status == 0, "\(json.errors)")
        let stream = try JSONDecoder().decode(Page.Stream.self, from: Data(json.output.utf8))
        #expect(stream.stream == "plant.b" && stream.newest.y == 2)
        #expect(try show("--url", url, "--json").output.split(separator: "\n").count == 4)
        let unknown = try show("plant.bb", "--url", url)
        #expect(unknown.status == 66 && unknown.errors.contains("did you mean plant.b"), "\(unknown)")
        #expect(try show("--url", url, "--match", "a b").status == 64)
        #expect(try show("--url", "ftp://x").status == 64)
        #expect(try show("--url", url, "--config", file.path).status == 64)
        #expect(scenario.daemon.stop() == 0)
        let none = try show("--url", url)
        #expect(none.status == 69 && none.errors.contains("no daemon answers at \(url)"), "\(none)")
    }

    @Test func aPortInUseEndsTheStart() throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(more: "http: {bind: 127.0.0.1:\(port)}")
        let second = scenario.configuration.replacing(scenario.output, with: "tcp://127.0.0.1:*")
        let file = scenario.directory.url.appending(path: "second.yaml")
        try second.write(to: file, atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.run(["run", "--config", file.path], in: scenario.directory)
        #expect(ended.status == 69)
        #expect(
            ended.errors.contains(
                "http.bind: cannot listen on 127.0.0.1:\(port): Address already in use; "
                    + "another process is bound there (ss -ltnp says which): end it, or take another address"),
            "\(ended.errors)")
        #expect(try HTTPExchange.get("/healthz", port: port).status == 200)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Rubbish over HTTP changes nothing for the forecasts.
    @Test func malformedRequestsDoNoHarm() throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(more: "http: {bind: 127.0.0.1:\(port)}")
        let long = String(repeating: "x", count: 100_000)
        var halves: [HTTPExchange] = []
        for bytes in [
            "GET /\(long) HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nX: \(long)\r\n\r\n", "\u{0}\u{1}\u{2}",
            "GET /heal",
            "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n\(long)",
            "GET /api/v1/streams/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ] {
            let connection = try HTTPExchange(port: port)
            connection.send(bytes)
            halves.append(connection)
        }
        try scenario.send(ForecastTests.messages("plant.a", ForecastTests.values))
        let expected = try scenario.reference(ForecastTests.values)
        #expect(largestDifference(try scenario.receive(expected.count), expected) < 1e-6)
        #expect(try HTTPExchange.get("/healthz", port: port).status == 200)
        #expect(scenario.daemon.stop() == 0)
        _ = halves
    }

    /// With a token, commands show it, and a file that others can read is refused.
    @Test func aTokenIsAskedFor() throws {
        let port = try Scenario.freePort()
        let scenario = try Scenario()
        #expect(scenario.daemon.stop() == 0)
        let file = scenario.directory.url.appending(path: "token").path
        try "0123456789abcdef\n".write(toFile: file, atomically: false, encoding: .utf8)
        scenario.configuration += "\nhttp: {bind: \"127.0.0.1:\(port)\", token: token}\n"
        let yaml = scenario.directory.url.appending(path: "token.yaml")
        try scenario.configuration.write(to: yaml, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        for command in ["check", "run"] {
            let refused = try DaemonProcess.run([command, "--config", yaml.path], in: scenario.directory)
            #expect(
                refused.status == 77
                    && refused.errors.contains("http.token: \(file): expected a file that its owner alone"))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        try scenario.restartDaemon()
        #expect(try HTTPExchange.get("/api/v1/status", port: Int(port)).status == 401)
        #expect(try HTTPExchange.get("/metrics", port: Int(port)).status == 401)
        #expect(try HTTPExchange.get("/healthz", port: Int(port)).status == 200)
        let url = "http://127.0.0.1:\(port)"
        for (arguments, status) in [
            (["--url", url], 77), (["--url", url, "--token", file], 0), (["--config", yaml.path], 0),
        ] {
            let shown = try DaemonProcess.run(["state", "show"] + arguments, in: scenario.directory)
            #expect(shown.status == status, "\(arguments): \(shown.errors)")
        }
        #expect(scenario.daemon.stop() == 0)
    }
}
