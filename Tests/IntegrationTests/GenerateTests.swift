// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `forecastd generate` with real subscribers and takers.
@Suite(.serialized) struct GenerateTests {
    /// A value as a consumer gets it.
    struct Value: Decodable, Equatable {
        var stream: String
        var ts: String
        var value: Double
        var sequence: Int
    }

    static let anywhere = ["--bind", "tcp://127.0.0.1:*"]

    /// The endpoint that a generator says it sends to.
    static func endpoint(of generator: CommandProcess) throws -> String {
        let line = try generator.nextErrorLine()
        return try #require(line.split(separator: " ").last.map(String.init), "\(line)")
    }

    /// Connects a subscriber of the peer, and gives the next values.
    static func receive(_ count: Int, from generator: CommandProcess) throws -> [Value] {
        let peer = try Peer()
        _ = try peer.call(
            "open_socket",
            ["name": "in", "kind": "sub", "connect": try endpoint(of: generator), "topics": [""]],
            as: String.self)
        return try peer.call("receive_values", ["name": "in", "count": count], as: [Value].self)
    }

    /// Binds a puller of the peer; gives both.
    static func puller() throws -> (peer: Peer, endpoint: String) {
        let peer = try Peer()
        let endpoint = try peer.call(
            "open_socket", ["name": "in", "kind": "pull", "bind": "tcp://127.0.0.1:*"], as: String.self)
        return (peer, endpoint)
    }

    @Test func signalsReachASubscriber() throws {
        let generator = try CommandProcess(
            ["generate", "--signal", "--streams", "3", "--every", "10ms", "--prefix", "lab."] + Self.anywhere)
        let values = try Self.receive(60, from: generator)
        #expect(Set(values.map(\.stream)) == ["lab.sine.0", "lab.noise.1", "lab.steps.2"])
        for (stream, values) in Dictionary(grouping: values, by: \.stream) {
            let first = try #require(values.first).sequence
            #expect(values.map(\.sequence) == Array(first..<first + values.count), "\(stream)")
            #expect(values.map(\.ts) == values.map(\.ts).sorted(), "\(stream)")
            #expect(Set(values.map(\.value)).count > 1, "\(stream)")
        }
        #expect(try generator.stop() == 0)
        let last = try #require(try generator.errorRest().last)
        #expect(last.hasPrefix("generate: ") && last.hasSuffix(" messages of 3 streams sent"), "\(last)")
    }

    @Test func theHostsFiguresReachASubscriber() throws {
        let generator = try CommandProcess(["generate", "--host", "--every", "50ms"] + Self.anywhere)
        let values = try Self.receive(33, from: generator)
        #expect(Set(values.map(\.stream)).count == 11)
        #expect(values.allSatisfy { $0.stream.hasPrefix("host.") })
        let percentages = values.filter { ["host.cpu.busy", "host.memory.used"].contains($0.stream) }
        #expect(percentages.count == 6)
        #expect(percentages.allSatisfy { (0...100).contains($0.value) }, "\(percentages)")
        #expect(try generator.stop() == 0)
    }

    /// Nothing is lost on the way to a taker, whenever it comes.
    @Test func allRowsOfAFileReachATaker() throws {
        let directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "f.csv").path
        let rows = (0..<500).map { "\(1_700_000_000 + $0),\($0),\($0 % 3 == 0 ? "" : "-\($0)")" }
        try (["t,a,b"] + rows).joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
        let generator = try CommandProcess(
            ["generate", "--csv", file, "--speed", "max", "--push"] + Self.anywhere)
        let endpoint = try Self.endpoint(of: generator)
        let peer = try Peer()
        _ = try peer.call(
            "open_socket", ["name": "in", "kind": "pull", "connect": endpoint], as: String.self)
        let count = 500 + rows.count { !$0.hasSuffix(",") }
        let values = try peer.call("receive_values", ["name": "in", "count": count], as: [Value].self)
        let a = values.filter { $0.stream == "a" }
        #expect(a.map(\.value) == (0..<500).map(Double.init))
        #expect(a.map(\.sequence) == Array(1...500))
        #expect(a.first?.ts == "2023-11-14T22:13:20Z")
        let b = values.filter { $0.stream == "b" }.map { Int(-$0.value) }
        #expect(b == (0..<500).filter { $0 % 3 > 0 })
        #expect(try generator.end() == 0)
        #expect(try generator.errorRest() == ["generate: \(count) messages of 2 streams sent"])
    }

    @Test func theLimitCountsMessages() throws {
        let (peer, endpoint) = try Self.puller()
        let generator = try CommandProcess([
            "generate", "--signal", "--streams", "4", "--every", "10ms", "--limit", "6", "--push",
            "--connect",
            endpoint,
        ])
        let values = try peer.call("receive_values", ["name": "in", "count": 6], as: [Value].self)
        #expect(values.map(\.sequence) == [1, 1, 1, 1, 2, 2])
        #expect(try generator.end() == 0)
        #expect(try generator.errorRest().last == "generate: 6 messages of 4 streams sent")
    }

    /// A share of the numbers is used up by messages that got lost; the others stand in order.
    @Test func gapsShowInTheNumbers() throws {
        let (peer, endpoint) = try Self.puller()
        let generator = try CommandProcess([
            "generate", "--signal", "--streams", "1", "--every", "1ms", "--gaps", "0.5", "--limit", "50",
            "--push", "--connect", endpoint,
        ])
        let values = try peer.call("receive_values", ["name": "in", "count": 50], as: [Value].self)
        let sequences = values.map(\.sequence)
        #expect(Set(sequences).count == 50)
        #expect(sequences == sequences.sorted())
        #expect((sequences.last ?? 0) > 60, "seed 1: \(sequences)")
        #expect(try generator.end() == 0)
    }

    /// Where nobody takes what is pushed, a signal and the time still end it.
    @Test(arguments: [["--duration", "200ms"], []])
    func aPushWithoutATakerEnds(arguments: [String]) throws {
        let generator = try CommandProcess(
            ["generate", "--signal", "--every", "1ms", "--push"] + Self.anywhere + arguments)
        _ = try Self.endpoint(of: generator)
        if arguments.isEmpty { generator.send(SIGTERM) }
        #expect(try generator.end() == 0)
        #expect(try generator.errorRest().last?.hasPrefix("generate: 0 messages of") == true)
    }

    @Test func aPortInUseIsUnavailable() throws {
        let (peer, endpoint) = try Self.puller()
        let generator = try CommandProcess(["generate", "--host", "--bind", endpoint])
        #expect(try generator.end() == 69)
        #expect(
            try generator.errorRest() == [
                "forecastd: cannot bind to \(endpoint): Address already in use; another process, or another "
                    + "socket of this one, is bound there (ss -ltxnp says which): end it, or take another address"
            ])
        try peer.perform("close", ["name": "in"])
    }

    @Test func aRowThatIsWrongEndsItWithItsPlace() throws {
        let directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "f.csv").path
        try "t,a\n1,2\n2,x\n".write(toFile: file, atomically: false, encoding: .utf8)
        let generator = try CommandProcess(["generate", "--csv", file, "--speed", "max"] + Self.anywhere)
        _ = try Self.endpoint(of: generator)
        #expect(try generator.end() == 65)
        #expect(
            try generator.errorRest() == [
                "generate: 1 messages of 1 streams sent",
                "forecastd: \(file):3: expected a finite number, or nothing, found \"x\"",
            ])
    }
}
