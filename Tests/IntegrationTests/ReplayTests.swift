// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `replay`: forecasts that were published are to be had again, exactly, or it is said that they are not.
@Suite(.serialized) struct ReplayTests {
    /// The answer to a request.
    struct Answer: Decodable {
        var messages: [Peer.Received]
        var kind: String
        var epoch: String
        var numbers: [Int]
    }

    /// A daemon with a replay socket, and a peer `ask` that is connected to it.
    struct Replay {
        let scenario: Scenario
        let endpoint: String
        let port: UInt16

        init(
            rule: String = "scale: none, warmup: 0", keys: String = "", limit: String = "64MiB",
            pipelines: String = "1"
        ) throws {
            endpoint = "tcp://127.0.0.1:\(try Scenario.freePort())"
            port = try Scenario.freePort()
            scenario = try Scenario(
                rule: rule,
                outputKeys: "socket: pub, replay: {bind: [\"\(endpoint)\"], limit: \(limit)}\(keys)",
                pipelines: pipelines, more: "http: {bind: 127.0.0.1:\(port)}")
            try connect("ask")
        }

        func connect(_ name: String, limit: Int = 0) throws {
            let socket: [String: Any] = ["name": name, "kind": "dealer", "connect": endpoint, "limit": limit]
            _ = try scenario.peer.call("open_socket", socket, as: String.self)
        }

        func ask(
            _ command: String, _ topic: String, epoch: String? = nil, after: Int = 0, by name: String = "ask"
        ) throws -> Answer {
            var request: [String: Any] = ["name": name, "command": command, "topic": topic, "after": after]
            if let epoch { request["epoch"] = epoch }
            return try scenario.peer.call("ask", request, as: Answer.self)
        }

        var status: StatusSample { get throws { try StatusSample.newest(port: port) } }
    }

    @Test(arguments: ["1", "3"]) func whatWasPublishedIsToBeHadAgain(pipelines: String) throws {
        let replay = try Replay(pipelines: pipelines)
        let scenario = replay.scenario
        for second in 0..<5 { try scenario.send(LastValueTests.round(second)) }
        let count = LastValueTests.streams.count
        let live = try scenario.receive(5 * count)
        let epoch = live[0].payload.epoch

        let state = try replay.ask("state", "plant.1")
        #expect(state.messages.map(\.topic).sorted() == ["plant.1", "plant.10", "plant.11"])
        #expect(state.messages.allSatisfy { $0.sequence == 5 && $0.payload.y == 4 })
        #expect(state.kind == "end" && state.epoch == epoch && state.numbers[1] == 3)
        let newest = state.numbers[0]
        #expect(newest >= 5 * count)

        for (after, expected) in [(0, [1, 2, 3, 4, 5]), (2, [3, 4, 5]), (4, [5]), (5, []), (1 << 62, [])] {
            let answer = try replay.ask("after", "plant.1", epoch: epoch, after: after)
            #expect(answer.kind == "end" && answer.messages.map(\.sequence) == expected)
            #expect(answer.messages.allSatisfy { $0.topic == "plant.1" && $0.payload.seq == $0.sequence })
        }
        let unknown = try replay.ask("after", "plant.99", epoch: epoch)
        #expect(unknown.kind == "end" && unknown.messages.isEmpty)

        // All that came, in the order in which it went out.
        let all = try replay.ask("since", "plant.", epoch: epoch)
        #expect(all.kind == "end" && all.numbers == [newest, 5 * count])
        func names(_ messages: [Peer.Received]) -> [String] { messages.map { "\($0.topic) \($0.sequence)" } }
        #expect(names(all.messages) == names(live))
        let some = try replay.ask("since", "plant.1", epoch: epoch, after: newest - 2 * count)
        #expect(
            names(some.messages) == names(live.suffix(2 * count).filter { $0.topic.hasPrefix("plant.1") }))
        #expect(try replay.ask("since", "", epoch: epoch, after: newest).messages.isEmpty)
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func whatGaveWayIsTooOldAndTheFirstIsNamed() throws {
        let replay = try Replay(rule: "scale: none, warmup: 0, horizon: 100", limit: "1MiB")
        let scenario = replay.scenario
        try scenario.send([ForecastTests.json("plant.b", 1, at: 0), ForecastTests.json("plant.b", 1, at: 1)])
        let count = 2000
        try scenario.send(ForecastTests.messages("plant.a", Array(repeating: 0.5, count: count)))
        let epoch = try #require(try scenario.receiveBriefly(count + 2).last).payload.epoch

        let old = try replay.ask("after", "plant.a", epoch: epoch, after: 1)
        #expect(old.kind == "too_old" && old.messages.isEmpty && old.epoch == epoch)
        let first = old.numbers[0]
        #expect((count / 10..<count - 200).contains(first), "\(first)")
        #expect(try replay.ask("after", "plant.a", epoch: epoch, after: first - 2).kind == "too_old")
        let rest = try replay.ask("after", "plant.a", epoch: epoch, after: first - 1)
        #expect(rest.kind == "end" && rest.messages.map(\.sequence) == Array(first...count))

        let since = try replay.ask("since", "plant.a", epoch: epoch)
        #expect(since.kind == "too_old")
        let further = try replay.ask("since", "plant.a", epoch: epoch, after: since.numbers[0] - 1)
        #expect(further.messages.map(\.sequence) == Array(first...count))
        // Of the other stream nothing is left but its last message.
        #expect(try replay.ask("after", "plant.b", epoch: epoch, after: 1).numbers == [3])
        #expect(try replay.ask("after", "plant.b", epoch: epoch, after: 2).kind == "end")
        #expect(try replay.ask("state", "plant.b").messages.map(\.sequence) == [2])
        try eventually("what was too old is counted") { try replay.status.replay?.too_old == 4 }
        #expect(scenario.daemon.stop() == 0)
    }

    static let wrongRequests: [(request: [String], text: String)] = [
        ([], "frames"), ([""], "frames"), (["7"], "frames"), (["7", "state"], "frames"),
        (["7", "state", "a", "b"], "frames"), (["7", "after", "a", "0123456789abcdef"], "frames"),
        (["7", "after", "a", "0123456789abcdef", "12345678", "more"], "frames"),
        (["7"] + Array(repeating: "x", count: 500), "command"),
        (["7", "get", "a"], "command"), (["7", "", "a"], "command"), (["7", "STATE", "a"], "command"),
        (["7", "state", "a b"], "topic"), (["7", "state", "\u{0}"], "topic"),
        (["7", "state", String(repeating: "a", count: 139)], "topic"),
        (["7", "since", "", "0123", "12345678"], "epoch"),
        (["7", "since", "", "0123456789abcdef0", "12345678"], "epoch"),
        (["7", "since", "", "0123456789abcdef", "1234"], "8 bytes"),
        ([String(repeating: "7", count: 33), "state", "a"], "request id"),
    ]

    @Test func wrongRequestsAreAnsweredAndCounted() throws {
        let replay = try Replay()
        let requests = Self.wrongRequests.map(\.request).filter { !$0.isEmpty }
        let answers = try replay.scenario.peer.call(
            "refusals", ["name": "ask", "requests": requests], as: [[String]].self)
        for (answer, (request, text)) in zip(answers, Self.wrongRequests.filter { !$0.request.isEmpty }) {
            #expect(answer[0] == "error" && answer[1].contains(text), "\(request): \(answer)")
        }
        // A frame above the limit costs the connection, which the peer makes anew; nobody else's.
        try replay.connect("long")
        try replay.scenario.send([["7", "state", String(repeating: "a", count: 5000)]], by: "long")
        let other = try replay.ask("after", "plant.a", epoch: "0123456789abcdef", after: 3)
        #expect(other.kind == "other_epoch" && other.epoch.count == 16 && other.epoch != "0123456789abcdef")
        #expect(try replay.ask("after", "plant.a", epoch: other.epoch).kind == "end")
        try eventually("all is counted") {
            let status = try replay.status
            return status.drops == ["request": UInt64(answers.count)] && status.replay?.other_epoch == 1
                && status.replay?.requests == UInt64(answers.count) + 2
        }
        #expect(replay.scenario.daemon.stop() == 0)
    }

    /// One that asks and never reads holds up nobody else, and is given up in the end.
    @Test func whoDoesNotReadHoldsUpNobody() throws {
        let replay = try Replay(rule: "scale: none, warmup: 0, horizon: 500")
        let (scenario, count) = (replay.scenario, 2500)
        try scenario.send(ForecastTests.messages("plant.a", Array(repeating: 0.5, count: count)))
        let epoch = try #require(try scenario.receiveBriefly(count).last).payload.epoch
        try replay.connect("deaf", limit: 1)
        let request = ["7", "since", "", epoch, String(repeating: "\u{0}", count: 8)]
        // Eight answers for one peer are under way; the ninth and tenth are too many.
        try scenario.send(Array(repeating: request, count: 10), by: "deaf")
        try eventually("the requests have come") { try replay.status.drops["busy"] == 2 }
        let answer = try replay.ask("after", "plant.a", epoch: epoch)
        #expect(answer.kind == "end" && answer.messages.map(\.sequence) == Array(1...count))
        try scenario.send([ForecastTests.json("plant.a", 1, at: count)])
        #expect(try scenario.receive(1)[0].sequence == count + 1)
        try eventually("the deaf peer is given up") { try replay.status.drops["abandoned"] == 8 }
        #expect(scenario.daemon.stop() == 0)
    }

    /// The client in Documentation/WireFormat.md gets each message once, in order, though it reads too slowly and the
    /// daemon begins anew.
    @Test(arguments: ["1", "2"]) func theDocumentedClientMissesNothing(pipelines: String) throws {
        let replay = try Replay(
            rule: "scale: none, warmup: 0, horizon: 500", keys: ", last_value: true, high_water_mark: 100",
            pipelines: pipelines)
        let scenario = replay.scenario
        try scenario.send(["plant.a", "plant.b"].map { ForecastTests.json($0, 1, at: 0) })
        _ = try scenario.receive(2)
        let follower: [String: Any] = [
            "name": "f", "live": scenario.output, "replay": replay.endpoint, "prefix": "plant.",
        ]
        try scenario.peer.perform("follow", follower)
        func followed(_ count: Int) throws -> [Peer.Received] {
            try scenario.peer.call("followed", ["name": "f", "count": count], as: [Peer.Received].self)
        }
        #expect(try followed(2).map(\.topic).sorted() == ["plant.a", "plant.b"])
        // Until forecasts are lost on the way to the follower, who does not read meanwhile.
        var count = 0
        while try replay.status.dropped == 0 && count < 20_000 {
            for start in stride(from: count, to: count + 200, by: 50) {
                try scenario.send(
                    (start..<start + 50).map {
                        ForecastTests.json("plant.\($0 % 2 == 0 ? "a" : "b")", 1, at: 1 + $0)
                    })
                _ = try scenario.receiveBriefly(50)
            }
            count += 200
        }
        #expect(try replay.status.dropped > 0)
        // It reads, and the next forecasts that reach it show what was lost.
        var messages = try followed(count - 600)
        for second in 0..<200 {
            try scenario.send(["plant.a", "plant.b"].map { ForecastTests.json($0, 1, at: 30_000 + second) })
            _ = try scenario.receiveBriefly(2)
        }
        messages += try followed(600 + 400)
        for (stream, messages) in Dictionary(grouping: messages, by: \.topic) {
            #expect(messages.map(\.sequence) == Array(2...count / 2 + 201), "\(stream)")
        }
        let before = try #require(try replay.status.replay)
        #expect(before.messages > 2)

        #expect(scenario.daemon.stop() == 0)
        try scenario.restartDaemon()
        try scenario.join(publisher: "in", subscriber: "out")
        try scenario.send(
            (0..<20).map { ForecastTests.json("plant.\($0 % 2 == 0 ? "a" : "b")", 1, at: 40_000 + $0) })
        for (stream, messages) in Dictionary(grouping: try followed(20), by: \.topic) {
            #expect(messages.map(\.sequence) == Array(1...10), "\(stream)")
        }
        #expect(scenario.daemon.stop() == 0)
    }
}
