// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// When a vector is made, and of which observations.
struct JoiningTests {
    /// Runs events through a model from whose forecasts the inputs can be read.
    ///
    /// An event is `h 40 at 1`, a value of p.1.h at a second, or `pass at 2`, the time of the clock. What each makes is
    /// `40,1-1i`: the inputs, those missing, whether the target's is imputed, whether something began anew.
    static func run(_ events: [(String, String)], time: TimePolicy, fill: InputList.Fill = .hold) throws {
        let plan = try InputsTests.plan(.mirror, mode: .window(length: 1), time: time, fill: fill)
        var engine = ForecastEngine(plan: plan, seed: 1)
        for (event, expected) in events {
            let words = event.split(separator: " ")
            let seconds = try #require(words.last.flatMap { Double($0) })
            let time = Timestamp(nanoseconds: Int64(seconds * 1e9))
            var made = ""
            if words[0] == "pass" {
                _ = engine.passTime(to: time)
            } else {
                let observation = Observation(time: time, value: Double(words[1]) ?? 0)
                let refusal = engine.accept(observation, of: "p.1.\(words[0])".utf8.span.bytes, at: time)
                if let refusal { made += refusal.label + " " }
            }
            for forecast in engine.takeForecasts(at: Timestamp(nanoseconds: 0)) {
                let head = forecast.head
                guard head.status != .stale else {
                    made += "stale "
                    continue
                }
                let inputs = forecast.yhat.prefix(2).map { String(RecurrentWeights.unmirrored($0)) }
                let missing = head.missingInputs.map { $0 > 0 ? "-\($0)" : "" } ?? "?"
                let mark = (head.isImputed ? "i" : "") + (head.isReset ? "r" : "")
                made += inputs.joined(separator: ",") + missing + mark + " "
            }
            #expect(made.dropLast(made.isEmpty ? 0 : 1) == expected, "\(event)")
        }
    }

    static let eventCases: [[(String, String)]] = [
        // Complete, in either order.
        [
            ("t 1 at 1", ""), ("h 40 at 1", "40,1"), ("h 41 at 2", ""),
            ("t 2 at 2", "41,2"),
        ],
        // A member that stays away: closed by the next, with the value that is held.
        [
            ("h 40 at 1", ""), ("t 1 at 1", "40,1"), ("t 2 at 2", ""),
            ("t 3 at 3", "40,2-1"), ("h 43 at 3", "43,3"), ("h 42 at 2", "late"),
        ],
        // None known yet: 0 in scaled units. Then closed by the wait.
        [
            ("t 1 at 1", ""), ("pass at 1.4", ""), ("pass at 1.5", "0,1-1"), ("h 40 at 1", ""),
            ("t 2 at 2", ""), ("pass at 2.5", "40,2-1"),
        ],
        // A member that has passed: it will not come any more.
        [
            ("t 1 at 1", ""), ("h 40 at 1", "40,1"), ("h 42 at 3", ""), ("t 2 at 2", "40,2-1"),
            ("t 3 at 3", "42,3"),
        ],
        // Two messages of the same time each have their own values.
        [
            ("t 1 at 1", ""), ("h 40 at 1", "40,1"), ("t 2 at 1", ""),
            ("h 41 at 1", "41,2"),
        ],
        // A slow member is held at what was known at the time.
        [
            ("h 40 at 0.5", ""), ("h 41 at 0.9", ""), ("t 1 at 1", ""),
            ("h 42 at 1.1", "41,1-1"), ("t 2 at 2", ""), ("h 43 at 1.9", ""),
            ("t 3 at 3", "43,2-1"),
        ],
        // A member whose clock is ahead loses its own values, and delays nothing; set right, it is in again.
        [
            ("h 40 at 1", ""), ("t 1 at 1", "40,1"), ("h 99 at 31", ""),
            ("t 2 at 2", "40,2-1"), ("h 42 at 3", ""), ("t 3 at 3", "42,3"),
        ],
    ]

    @Test(arguments: eventCases.indices) func observationsOfOneTimeAreOneVector(index: Int) throws {
        var time = TimePolicy()
        time.wait = InputsTests.second / 2
        try Self.run(Self.eventCases[index], time: time)
    }

    static let gridCases: [[(String, String)]] = [
        // A tick closes when both have passed it.
        [
            ("t 1 at 1", ""), ("h 40 at 1.5", ""), ("t 2 at 2", ""),
            ("h 41 at 2.1", "40,1"), ("h 42 at 3.9", ""), ("t 3 at 3", "41,2"),
        ],
        // A member that stays away is waited for by a tick.
        [
            ("h 40 at 0.5", ""), ("t 1 at 1", ""), ("t 2 at 2", ""),
            ("t 3 at 3", "40,1-1"), ("t 4 at 4", "40,2-1"), ("h 39 at 2.9", "late"),
            ("h 41 at 3.9", ""), ("h 42 at 4", "41,3"),
        ],
        // Silence closes a tick its length and the wait after its end.
        [
            ("h 40 at 1", ""), ("t 1 at 1", ""), ("pass at 3.9", ""), ("pass at 4", "40,1"),
            ("pass at 5", "40,1-1i"),
        ],
        // A member whose clock is ahead closes nothing.
        [
            ("h 40 at 1", ""), ("t 1 at 1", ""), ("h 99 at 31", ""),
            ("t 2 at 2", "40,1"), ("t 3 at 3", "40,2-1"), ("h 43 at 3.1", ""),
            ("t 4 at 4", "43,3"),
        ],
        // The target's gap is filled; the member's values are those of each tick.
        [
            ("t 1 at 1", ""), ("h 41 at 1", ""), ("h 42 at 2", ""), ("h 43 at 3", ""),
            ("t 4 at 4", "41,1"), ("h 45 at 5", ""), ("t 5 at 5", "42,1i 43,1i 43,4-1"),
        ],
        // After a gap that is too long a held value is the last that came, however far the member went.
        [
            ("t 1 at 1", ""), ("h 41 at 1", ""), ("h 42 at 2", ""),
            ("h 60 at 20", ""), ("h 80 at 40", ""), ("t 5 at 50", "41,1"),
            ("t 6 at 52", "80,5-1r"),
        ],
    ]

    @Test(arguments: gridCases.indices) func streamsAreJoinedOnTheGrid(index: Int) throws {
        try Self.run(Self.gridCases[index], time: InputsTests.grid())
    }

    @Test func theMeanStandsInWithoutAValue() throws {
        try Self.run(
            [
                ("h 40 at 1", ""), ("t 1 at 1", ""), ("t 2 at 2", "40,1"),
                ("t 3 at 3", "0,2-1"),
            ], time: InputsTests.grid(wait: 0), fill: .mean)
    }

    /// However streams overtake each other by less than the wait, the forecasts are the same to the bit.
    @Test func whoComesFirstDoesNotMatter() throws {
        let weights = RecurrentWeights.random(InputsTests.shape, seed: 6)
        let plan = try InputsTests.plan(
            weights, scaling: .rolling(halfLife: 20), time: InputsTests.grid(wait: 3 * InputsTests.second),
            batchLimit: 2)
        var reference: [PublishedForecast]?
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var messages: [(order: Double, stream: String, value: Double, second: Int64)] = []
            for (index, stream) in ["p.1.t", "p.1.h", "p.2.h", "p.2.t"].enumerated() {
                let delay = Double.random(in: 0...2, using: &generator)
                for second in 0..<200 as Range<Int64> {
                    let value = Double((Int(second) * (index + 3)) % 17)
                    messages.append((Double(second) + (second == 0 ? 0 : delay), stream, value, second))
                }
            }
            messages.sort { ($0.order, $0.stream) < ($1.order, $1.stream) }
            var engine = ForecastEngine(plan: plan, seed: seed)
            var published: [PublishedForecast] = []
            for message in messages {
                if engine.isFull { published += engine.takeForecasts(at: Timestamp(nanoseconds: 0)) }
                #expect(engine.accept(message.stream, message.value, seconds: message.second) == nil)
            }
            published += engine.takeForecasts(at: Timestamp(nanoseconds: 0))
            published.sort { ($0.stream, $0.head.sequence) < ($1.stream, $1.head.sequence) }
            reference = reference ?? published
            let expected = try #require(reference)
            #expect(published.count == expected.count && published.count >= 390, "seed \(seed)")
            #expect(zip(published, expected).allSatisfy { $0.isSame(as: $1) }, "seed \(seed)")
        }
    }

    /// Without a grid, too: of a message's values, each vector has its own, in whatever order they come.
    @Test(arguments: 0..<10 as Range<UInt64>) func aMessagesValuesMayComeInAnyOrder(seed: UInt64) throws {
        let plan = try InputsTests.plan(.mirror, mode: .window(length: 1), batchLimit: 3)
        var engine = ForecastEngine(plan: plan, seed: seed)
        var generator = SeededGenerator(seed: seed)
        var made: [String: [[Int]]] = [:]
        for second in 0..<200 as Range<Int64> {
            var streams = ["p.1.t", "p.1.h", "p.2.h", "p.2.t", "p.3.t", "p.3.h"]
            streams.shuffle(using: &generator)
            for stream in streams {
                // The same time twice is two messages, each with values of its own.
                let value = Double((Int(second) * 7 + stream.utf8.reduce(0) { $0 + Int($1) }) % 90)
                let time = Timestamp(nanoseconds: second / 2 * InputsTests.second)
                let observation = Observation(time: time, value: value)
                #expect(engine.accept(observation, of: stream.utf8.span.bytes, at: time) == nil)
                for forecast in engine.takeForecasts(at: time) {
                    #expect(forecast.head.missingInputs == 0)
                    let inputs = forecast.yhat.prefix(2).map(RecurrentWeights.unmirrored)
                    made[forecast.stream, default: []].append(inputs)
                }
            }
        }
        for group in 1...3 {
            func value(_ stream: String, _ second: Int) -> Int {
                (second * 7 + stream.utf8.reduce(0) { $0 + Int($1) }) % 90
            }
            let expected = (0..<200).map { [value("p.\(group).h", $0), value("p.\(group).t", $0)] }
            #expect(made["p.\(group).t"] == expected, "seed \(seed), group \(group)")
        }
    }
}
