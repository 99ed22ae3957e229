// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Monitoring
import Synchronization
import TestSupport
import Testing

/// Server-sent events over real sockets.
@Suite(.serialized) struct EventFeedTests {
    /// An event as a browser would take it.
    struct Event: Sendable, Equatable {
        var name = ""
        var id: String?
        var data = ""

        func json() throws -> Any {
            try JSONSerialization.jsonObject(with: Data(data.utf8), options: .fragmentsAllowed)
        }
    }

    /// What a listener reads until the connection ends, or until it has an event that `isLast` says yes to.
    static func listen(
        port: Int, after last: String? = nil, until isLast: @escaping @Sendable (Event) throws -> Bool
    ) async throws -> [Event] {
        let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
        let connection = try HTTPExchange(port: port)
        connection.send(request + (last.map { "Last-Event-ID: \($0)\r\n" } ?? "") + "\r\n")
        var text = ""
        while true {
            let more = try await connection.awaitSome()
            text += more
            let events = Self.events(text)
            if more.isEmpty { return events }
            if let index = try events.firstIndex(where: isLast) { return Array(events[...index]) }
        }
    }

    /// The complete events of an answer in chunks; a test's event has no line that looks like a chunk's length.
    static func events(_ answer: String) -> [Event] {
        guard let head = answer.firstRange(of: "\r\n\r\n") else { return [] }
        var chunks = answer[head.upperBound...]
        var body = ""
        while let line = chunks.firstRange(of: "\r\n"),
            let count = Int(chunks[..<line.lowerBound], radix: 16), count > 0
        {
            let rest = chunks[line.upperBound...].utf8
            guard rest.count >= count + 2 else { break }
            body += String(rest.prefix(count)) ?? ""
            chunks = Substring(rest.dropFirst(count + 2))
        }
        return body.components(separatedBy: "\n\n").dropLast().map { block in
            var event = Event()
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                switch parts[0] {
                case "event": event.name = parts[1]
                case "id": event.id = parts[1]
                case "data": event.data = parts[1]
                default: break
                }
            }
            return event
        }
    }

    static func row(_ slot: Int, seq: UInt64 = 1, engine: Int = 0, yhat: Double = 2.5) -> StreamChanges.Row {
        StreamChanges.Row(
            engine: engine, slot: slot, rule: 1, status: "ok", seq: seq, milliseconds: 1000, y: 2, yhat: yhat,
            below: 0.5, above: 0.25, skill: .nan, coverage: 0.75, anomaly: 1.5)
    }

    static var quick: MonitoringServer.Limits {
        var limits = MonitoringServer.Limits()
        limits.eventInterval = .milliseconds(20)
        return limits
    }

    @Test func tellsWhatChangedAndWhatALaterOneLacks() async throws {
        let source = SampleSource()
        let changes = [
            StreamChanges(
                marks: [.init(), .init()], names: [["a", "b"], ["c"]],
                rows: [Self.row(1), Self.row(0, engine: 1)]),
            StreamChanges(
                marks: [.init(), .init()], names: [[], []], rows: [Self.row(1, seq: 2, yhat: .nan)]),
            StreamChanges(marks: [.init(), .init()], names: [[], []], rows: []),
        ]
        source.changes.withLock { $0 = changes }
        try await withServer(source, limits: Self.quick) { port in
            let events = try await Self.listen(port: port) { $0.data.contains("[2,2,") }
            #expect(events.prefix(3).map(\.name) == ["hello", "streams", "rows"])
            let hello = try #require(try events[0].json() as? [String: Any])
            let epoch = SampleSource.status.epoch
            #expect(hello["epoch"] as? String == epoch && hello["resumed"] as? Bool == false)
            #expect((hello["columns"] as? [String])?.count == 11)
            #expect(events[1].data == #"[[1,"c",1],[2,"b",1]]"#)
            #expect(events[2].id == "\(epoch)-1")
            #expect(
                events[2].data.hasSuffix(
                    #""rows":[[1,1,1000,2.0,2.5,0.5,0.25,null,0.75,1.5,"ok"],[2,1,1000,2.0,2.5,0.5,0.25,null,0.75,1.5,"ok"]]}"#
                ))
            let last = try #require(events.last)
            #expect(
                last.id == "\(epoch)-2"
                    && last.data.hasSuffix(#""rows":[[2,2,1000,2.0,null,0.5,0.25,null,0.75,1.5,"ok"]]}"#))
            // The names of all are told once.
            #expect(events.filter { $0.name == "streams" }.count == 1)

            let resumed = try await Self.listen(port: port, after: "\(epoch)-1") { $0.name == "rows" }
            #expect(resumed.map(\.name) == ["hello", "rows"] && resumed[0].data.contains(#""resumed":true"#))
            #expect(resumed[1].data.hasSuffix(#""rows":[[2,2,1000,2.0,null,0.5,0.25,null,0.75,1.5,"ok"]]}"#))
            for other in ["\(epoch)-99999999", "ff-1", "-", "\(epoch)-x"] {
                let anew = try await Self.listen(port: port, after: other) { $0.name == "rows" }
                #expect(anew.map(\.name) == ["hello", "streams", "rows"], "\(other)")
            }
        }
    }

    /// A stream that has the slot of another one is told of as a new one, also to those who listen already.
    @Test func aSlotMayBecomeAnotherStreams() async throws {
        let source = SampleSource()
        var renamed = StreamChanges(marks: [.init()], names: [[]], rows: [Self.row(1, seq: 7)])
        renamed.renamed = [[1: "c"]]
        let changes = [
            StreamChanges(marks: [.init()], names: [["a", "b"]], rows: [Self.row(0), Self.row(1)]), renamed,
            StreamChanges(marks: [.init()], names: [[]], rows: []),
        ]
        source.changes.withLock { $0 = changes }
        try await withServer(source, limits: Self.quick) { port in
            let events = try await Self.listen(port: port) { $0.data.contains("[1,7,") }
            let streams = events.filter { $0.name == "streams" }.map(\.data)
            #expect(streams == [#"[[0,"a",1],[1,"b",1]]"#, #"[[1,"c",1]]"#])
            let anew = try await Self.listen(port: port) { $0.name == "rows" }
            #expect(anew[1].data == #"[[0,"a",1],[1,"c",1]]"#)
        }
    }

    /// With a reload, streams and rules are numbered anew: whoever listens comes back and is told all.
    @Test func anotherLifeTellsAllAnew() async throws {
        let source = SampleSource()
        source.changes.withLock {
            $0 = [
                StreamChanges(marks: [.init()], names: [["a", "b"]], rows: [Self.row(1)]),
                StreamChanges(marks: [.init()], names: [["c"]], rows: [Self.row(0)]),
            ]
        }
        try await withServer(source, limits: Self.quick) { port in
            let before = try HTTPExchange(port: port)
            before.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            var told = ""
            while !told.contains(#"[[1,"b",1]]"#) { told += try await before.awaitSome() }
            let life = SampleSource.status.epoch
            source.lives.withLock { $0 = "\(life).1" }
            while !told.hasSuffix("\r\n0\r\n\r\n") { told += try await before.awaitSome() }
            let events = try await Self.listen(port: port, after: "\(life)-1") { $0.name == "rows" }
            #expect(events.map(\.name) == ["hello", "streams", "rows"])
            #expect(events[0].data.contains("\(life).1") && events[0].data.contains(#""resumed":false"#))
            #expect(events[1].data == #"[[0,"c",1]]"# && events[2].id?.hasPrefix("\(life).1-") == true)
        }
    }

    @Test func saysWhatTheDaemonSays() async throws {
        try await withServer(limits: Self.quick) { port in
            let events = try await Self.listen(port: port) { $0.name == "status" }
            var status = try JSONDecoder().decode(
                DaemonReport.self, from: Data(try #require(events.last).data.utf8))
            #expect(status.viewers?.now == 1)
            status.viewers = SampleSource.status.viewers
            #expect(status == SampleSource.status)
        }
    }

    @Test func saysWhyThereIsNothingToTell() async throws {
        try await withServer(SampleSource(problem: SampleSource.unwell)) { port in
            let answer = try await get("/api/v1/events", port: port)
            #expect(answer.status == 503)
        }
    }

    /// Who does not read is given up, and counted.
    @Test func aSlowListenerIsGivenUp() async throws {
        let source = SampleSource()
        // Each look tells a megabyte, more than sockets hold.
        let rows = (0..<20_000).map { Self.row($0) }
        let names = (0..<20_000).map { "stream.\($0)" }
        source.changes.withLock {
            $0 = [
                StreamChanges(marks: [.init()], names: [names], rows: rows),
                StreamChanges(marks: [.init()], names: [[]], rows: rows),
            ]
        }
        try await withServer(source, limits: Self.quick) { port in
            let slow = try HTTPExchange(port: port)
            slow.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while try await Self.viewers(port: port).dropped == 0 {}
            #expect(try await Self.viewers(port: port) == .init(now: 0, dropped: 1))
            // What waited for him is all that he gets.
            #expect(try await slow.awaitEnd().hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test func thereIsAMostOfListeners() async throws {
        var limits = Self.quick
        limits.listeners = 2
        try await withServer(limits: limits) { [limits] port in
            let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
            var open: [HTTPExchange] = []
            for _ in 0..<limits.listeners {
                let connection = try HTTPExchange(port: port)
                connection.send(request)
                #expect(try await connection.awaitSome().hasPrefix("HTTP/1.1 200"))
                open.append(connection)
            }
            let answer = try await get("/api/v1/events", port: port)
            #expect(answer.status == 503 && answer.body.contains("at most 2 listeners"))
            #expect(try await get("/healthz", port: port).status == 200)
            // One who leaves makes room.
            open.removeLast()
            while try await Self.viewers(port: port).now == 2 {}
            let connection = try HTTPExchange(port: port)
            connection.send(request)
            #expect(try await connection.awaitSome().hasPrefix("HTTP/1.1 200"))
        }
    }

    static func viewers(port: Int) async throws -> DaemonReport.Viewers {
        let answer = try await get("/api/v1/status", port: port)
        let status = try JSONDecoder().decode(DaemonReport.self, from: Data(answer.body.utf8))
        return try #require(status.viewers)
    }

    /// The end of the daemon ends events, within the time that answers have.
    @Test func eventsEndWithTheDaemon() async throws {
        let ended = try await withEndingServer()
        #expect(ended.last?.name == "status" || ended.last?.name == "rows")
    }

    private func withEndingServer() async throws -> [Event] {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        async let events: [Event] = {
            for await port in ports { return try await Self.listen(port: port) { _ in false } }
            return []
        }()
        try await withServer(limits: Self.quick) { port in
            continuation.yield(port)
            while try await Self.viewers(port: port).now == 0 {}
        }
        return try await events
    }
}
