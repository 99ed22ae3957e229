// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `forecastd why` and `tap --drops` of a real daemon.
@Suite(.serialized) struct WhyTests {
    struct Decisions: Decodable {
        struct Decision: Decodable {
            var kind, first, last, begin, end, text: String
            var count: Int
            var value: Double?
            var key: String?
        }
        var stream, since: String
        var decisions: [Decision]
    }

    struct Drop: Decodable {
        var stream: String?
        var decision: Decisions.Decision?
        var input, reason, topic, payload: String?
        var count: Int?
    }

    let scenario: Scenario
    let url: String

    init() throws {
        let port = try Scenario.freePort()
        url = "http://127.0.0.1:\(port)"
        scenario = try Scenario(
            rule: "scale: none, warmup: 0, values: {reject: [-9999]}", match: "p*", pipelines: "2",
            more: "http: {bind: \"127.0.0.1:\(port)\"}")
    }

    func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        try DaemonProcess.run(arguments + ["--url", url], in: scenario.directory)
    }

    func decisions(_ stream: String) throws -> [Decisions.Decision] {
        let answer = try run("why", stream, "--json")
        guard answer.status == 0 else { return [] }
        let report = try JSONDecoder().decode(Decisions.self, from: Data(answer.output.utf8))
        #expect(report.stream == stream)
        return report.decisions
    }

    /// Some are late, some are bad, one has no rule, one cannot be read.
    func sendDrops() throws {
        let values: [(Double, Int)] = [(1, 10), (2, 11), (3, 5), (-9999, 12), (4, 6), (5, 13)]
        try scenario.send(
            [["plant.a", #"{"value":"#], ForecastTests.json("lab.x", 7, at: 1)]
                + values.map { ForecastTests.json("plant.a", $0, at: $1) })
        _ = try scenario.receive(3)
        try eventually("the value without a rule is dropped") { try !decisions("lab.x").isEmpty }
    }

    @Test func itSaysWhatWasDecided() throws {
        try sendDrops()
        let found = try decisions("plant.a")
        try #require(found.map(\.kind) == ["rejected", "late"])
        #expect(found.map(\.count) == [1, 2] && found.map(\.value) == [-9999, 4])
        #expect(found.map(\.key) == ["values: {reject: [-9999]}", "lateness: 0s"])
        #expect(found[1].begin == "2023-11-14T22:13:25Z" && found[1].end == "2023-11-14T22:13:26Z")
        let page = try run("why", "plant.a").output.split(separator: "\n")
        try #require(page.count == 4 && page[0].hasPrefix("plant.a: what was decided"), "\(page)")
        // All may have come in one turn: then the values come first.
        #expect(page.contains { $0.contains("input plant: a message could not be read (syntax: ") })
        let text =
            "  the value 4 of 2023-11-14T22:13:26Z was dropped: it came too late  (lateness: 0s)  2 times since "
        #expect(page.contains { $0.contains(text) }, "\(page)")
        #expect(try decisions("lab.x").map(\.key) == ["streams: match"])
        #expect(
            try run("why", "probe").output.contains(
                "probe: nothing is remembered that was decided for it since"))
        let unknown = try run("why", "plant.b")
        #expect(unknown.status == 66 && unknown.errors.contains("did you mean plant.a?"), "\(unknown)")
        #expect(try run("why", "a b").status == 64)
        #expect(scenario.daemon.stop() == 0)
        #expect(try run("why", "plant.a").status == 69)
    }

    @Test func tapFollowsWhatIsDropped() throws {
        try sendDrops()
        let lines = try run("tap", "--drops", "--json", "--limit", "4").output.split(separator: "\n")
        let drops = try lines.map { try JSONDecoder().decode(Drop.self, from: Data($0.utf8)) }
        #expect(
            Set(drops.compactMap { drop in drop.decision.map { "\(drop.stream ?? "") \($0.kind)" } })
                == ["plant.a late", "plant.a rejected", "lab.x unmatched"])
        let message = try #require(drops.last)
        #expect(message.input == "plant" && message.reason == "syntax" && message.count == 1)
        #expect(message.topic == "plant.a" && message.payload == #"{"value":"#)
        // What is remembered comes first, then what is dropped from now on.
        let tap = try CommandProcess(["tap", "--drops", "plant.*", "pump.?", "--url", url])
        let remembered = try (0..<3).map { _ in try tap.nextLine() }
        #expect(
            remembered.contains { $0.contains("plant.a") && $0.contains("2 times since") }, "\(remembered)")
        #expect(
            remembered.contains { $0.contains("input plant") && $0.hasSuffix(#"of plant.a: {"value":"#) },
            "\(remembered)")
        try scenario.send([ForecastTests.json("lab.x", 7, at: 2), ForecastTests.json("plant.a", 8, at: 7)])
        let next = try tap.nextLine()
        #expect(next.contains("the value 8 of ") && !next.contains("times"), "\(next)")
        try scenario.send([["plant.c", "{}"]])
        #expect(
            try tap.nextLine().hasSuffix(
                "has its field another name? fields: {value: …}), the last of plant.c: {}"))
        // Of a stream of which nothing could be read the reason is said all the same.
        let unread = try run("why", "plant.c")
        #expect(
            unread.status == 0 && unread.output.contains("plant.c: messages that could not be read")
                && unread.output.contains("input plant: a message could not be read (missing_value: "),
            "\(unread)")
        #expect(try tap.stop() == 0)
        #expect(scenario.daemon.stop() == 0)
        #expect(try run("tap", "--drops").status == 69)
    }
}
