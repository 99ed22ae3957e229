// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `forecastd tap` with real publishers.
@Suite(.serialized) struct TapTests {
    let peer: Peer
    let endpoint: String

    init() throws {
        peer = try Peer()
        endpoint = try Self.bind("out", at: "tcp://127.0.0.1:*", by: peer)
    }

    static func bind(_ name: String, at endpoint: String, by peer: Peer) throws -> String {
        try peer.call("open_socket", ["name": name, "kind": "xpub", "bind": endpoint], as: String.self)
    }

    /// Starts a tap and waits until the publisher has its subscriptions, one per pattern.
    func tap(
        _ arguments: [String] = [], subscriptions: [String] = [""], output: FileHandle? = nil
    ) throws -> CommandProcess {
        let tap = try CommandProcess(["tap", "--connect", endpoint] + arguments, output: output)
        #expect(try awaitSubscriptions(subscriptions.count) == subscriptions.sorted())
        return tap
    }

    func awaitSubscriptions(_ count: Int, to name: String = "out") throws -> [String] {
        try peer.call("subscriptions", ["name": name, "count": count], as: [String].self)
    }

    func send(_ messages: [[String]], by name: String = "out") throws {
        try peer.perform("send", ["name": name, "messages": messages])
    }

    /// A forecast of a stream with a number.
    static func message(_ stream: String, _ sequence: UInt8, y: Int = 1) -> [String] {
        let payload =
            #"{"stream":"\#(stream)","ts":"2023-11-14T22:13:20Z","epoch":"0a","seq":\#(sequence),"#
            + #""status":"ok","y":\#(y),"yhat":[2,3],"quality":{"warm":1,"age":0}}"#
        return [stream, payload, "\(Unicode.Scalar(sequence))\0\0\0\0\0\0\0"]
    }

    @Test func theLimitCountsMessages() throws {
        let tap = try tap(["--json", "--limit", "3"])
        let messages = (1...5).map { Self.message("a", $0) }
        try send(messages)
        #expect(try tap.end() == 0)
        #expect(try tap.rest() == messages[..<3].map { $0[1] })
        #expect(try tap.errorRest() == [])
    }

    @Test func patternsChooseStreams() throws {
        let tap = try tap(
            ["--json", "--limit", "3", "plant.*.temp", "lab.?"], subscriptions: ["plant.", "lab."])
        let streams = ["plant.a.hum", "plant.a.temp", "lab.10", "lab.1", "other.temp", "plant.b.c.temp"]
        try send(streams.map { Self.message($0, 1) })
        #expect(try tap.end() == 0)
        let chosen = ["plant.a.temp", "lab.1", "plant.b.c.temp"]
        #expect(try tap.rest() == chosen.map { Self.message($0, 1)[1] })
    }

    @Test func aSignalEndsItWithTheLosses() throws {
        let tap = try tap()
        try send([1, 2, 6].map { Self.message("plant.a", $0) })
        let lines = try (0..<3).map { _ in try tap.nextLine() }
        #expect(lines.allSatisfy { $0.hasPrefix("22:13:20  plant.a ") }, "\(lines)")
        #expect(lines[2].hasSuffix("  3 lost before"))
        #expect(try tap.stop() == 0)
        let words = try tap.errorRest()
        #expect(words.first?.hasPrefix("time, stream, value") == true)
        #expect(words.dropFirst() == ["tap: 3 messages of 1 streams, 3 more were lost on the way"])
    }

    @Test func theTimeEndsIt() throws {
        let tap = try CommandProcess(["tap", "--connect", endpoint, "--duration", "100ms"])
        #expect(try tap.end() == 0)
        #expect(try tap.rest() == [])
        #expect(try tap.errorRest().last == "tap: 0 messages of 0 streams")
    }

    @Test func inputsAreReadAsTheDaemonReadsThem() throws {
        let tap = try tap(["--inputs", "--json", "--limit", "2"])
        try send([["a", #"{"ts":1700000000,"values":{"t":1,"h":2}}"#], ["b", #"{"value":"#]])
        #expect(try tap.end() == 0)
        #expect(
            try tap.rest() == [
                #"{"stream":"a.t","ts":"2023-11-14T22:13:20Z","value":1}"#,
                #"{"stream":"a.h","ts":"2023-11-14T22:13:20Z","value":2}"#,
                #"{"payload":"{\"value\":","problem":"syntax","stream":"b"}"#,
            ])
    }

    @Test func severalPublishersAreShownTogether() throws {
        let second = try Self.bind("second", at: "tcp://127.0.0.1:*", by: peer)
        let tap = try tap(["--connect", second, "--json", "--limit", "2"])
        #expect(try awaitSubscriptions(1, to: "second") == [""])
        try send([Self.message("a", 1)])
        #expect(try tap.nextLine() == Self.message("a", 1)[1])
        try send([Self.message("b", 1)], by: "second")
        #expect(try tap.nextLine() == Self.message("b", 1)[1])
        #expect(try tap.end() == 0)
    }

    @Test func itComesBackWhenThePublisherDoes() throws {
        let tap = try tap(["--json"])
        try send([Self.message("a", 1)])
        #expect(try tap.nextLine() == Self.message("a", 1)[1])
        try peer.perform("close", ["name": "out"])
        _ = try Self.bind("out", at: endpoint, by: peer)
        #expect(try awaitSubscriptions(1) == [""])
        try send([Self.message("a", 1, y: 7)])
        #expect(try tap.nextLine() == Self.message("a", 1, y: 7)[1])
        #expect(try tap.stop(SIGTERM) == 0)
    }

    @Test func aReaderThatGoesAwayIsNoError() throws {
        let tap = try tap(["--json"])
        try send([Self.message("a", 1)])
        _ = try tap.nextLine()
        tap.closeOutput()
        try send([Self.message("a", 2)])
        #expect(try tap.end() == 0)
    }

    @Test func anOutputThatCannotBeWrittenIsAnError() throws {
        let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        let tap = try tap(["--json"], output: full)
        try send([Self.message("a", 1)])
        #expect(try tap.end() == 74)
        #expect(try tap.errorRest() == ["forecastd: cannot write to the output: No space left on device"])
    }
}
