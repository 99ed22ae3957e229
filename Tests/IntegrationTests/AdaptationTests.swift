// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Forecasts that learn, from a real daemon.
@Suite(.serialized) struct AdaptationTests {
    /// A wave that the model knows nothing of is forecast better than by repeating the last value, and intervals hold.
    @Test(arguments: ["1", "2"]) func aWaveIsLearned(pipelines: String) throws {
        let port = Int(try Scenario.freePort())
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0, adapt: light, season: 12, levels: [0.5, 0.9], horizon: 1",
            pipelines: pipelines, more: "http: {bind: 127.0.0.1:\(port)}")
        let values = (0..<600).map { tick in
            sin(2 * .pi * Double(tick) / 12) + 0.1 * sin(Double(tick * tick))
        }
        var messages: [Peer.Received.Payload] = []
        for start in stride(from: 0, to: values.count, by: 100) {
            try scenario.send((start..<start + 100).map { ForecastTests.json("plant.a", values[$0], at: $0) })
            messages += try scenario.receive(100).map(\.payload)
        }
        #expect(messages.map(\.y) == values)
        #expect(messages[0].yhat_lower == ["0.5": [nil], "0.9": [nil]])
        let first = try #require(messages[0].score)
        #expect(first.mae == nil && first.skill == nil && first.coverage == ["0.5": nil, "0.9": nil])
        var (error, plain, held) = (0.0, 0.0, 0)
        for tick in 300..<599 {
            let (message, truth) = (messages[tick], values[tick + 1])
            error += abs(try #require(message.yhat[0]) - truth)
            plain += abs(values[tick] - truth)
            let lower = try #require(message.yhat_lower?["0.9"]?[0])
            let upper = try #require(message.yhat_upper?["0.9"]?[0])
            if truth >= lower && truth <= upper { held += 1 }
            #expect(try #require(message.yhat_upper?["0.5"]?[0]) <= upper)
        }
        #expect(error < 0.5 * plain, "\(error) of \(plain)")
        #expect(held > 299 * 8 / 10, "\(held)")
        try checkScore(messages, halfLife: 86_400)
        try checkReports(try #require(messages.last?.score), port: port)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Room for many streams is address space; memory is taken by those that come.
    @Test func manyStreamsAreAdapted() throws {
        let scenario = try Scenario(rule: "adapt: light, season: 24, horizon: 8", limit: 100_000)
        let empty = try scenario.daemon.memory("VmRSS")
        #expect(try scenario.daemon.memory("VmSize") > 3 << 30 && empty < 100 << 20)
        let identifiers = (0..<10_000).map { "plant.\($0)" }
        for second in 0..<2 {
            for start in stride(from: 0, to: identifiers.count, by: 1000) {
                try scenario.send(
                    identifiers[start..<start + 1000].map {
                        ForecastTests.json($0, Double(start), at: second)
                    })
                let received = try scenario.receive(1000).map(\.payload)
                #expect(received.allSatisfy { $0.seq == second + 1 && $0.yhat.allSatisfy { $0 != nil } })
                #expect(received.allSatisfy { $0.yhat_lower?.count == 2 && $0.score != nil })
            }
        }
        #expect(try scenario.daemon.memory("VmRSS") < empty + 10_000 * 60_000)
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func roomForManyLargeStreamsIsNoMemory() throws {
        let scenario = try Scenario(
            model: ["hidden": 50, "outputs": 24], rule: "adapt: full, season: 24, horizon: 24", limit: 100_000
        )
        try scenario.send(ForecastTests.messages("plant.a", (0..<50).map { Double($0 % 7) }))
        #expect(try scenario.receive(50).last?.payload.score?.mae != nil)
        #expect(try scenario.daemon.memory("VmSize") > 25 << 30)
        #expect(try scenario.daemon.memory("VmRSS") < 100 << 20)
        #expect(scenario.daemon.stop() == 0)
    }

    /// A stream repeats what another one said a tick before, and nothing of its own past says what that will be.
    @Test func aStreamLearnsFromARelatedOne() throws {
        let scenario = try Scenario(
            rule: #"scale: none, warmup: 0, adapt: light, horizon: 1, related: "line.a.*""#)
        let leader = (0..<500).map { 10 * sin(Double($0 * $0)) }
        var messages: [Peer.Received] = []
        for start in stride(from: 1, to: leader.count, by: 50) {
            let ticks = start..<min(start + 50, leader.count)
            try scenario.send(
                ticks.flatMap { tick in
                    [
                        ForecastTests.json("line.a.lead", leader[tick], at: tick),
                        ForecastTests.json("line.a.echo", leader[tick - 1], at: tick),
                    ]
                })
            messages += try scenario.receive(2 * ticks.count)
        }
        let echo = messages.map(\.payload).filter { $0.stream == "line.a.echo" }
        #expect(echo.count == 499)
        var (error, plain) = (0.0, 0.0)
        for (forecast, next) in zip(echo, echo.dropFirst()).suffix(200) {
            error += abs(try #require(forecast.yhat[0]) - next.y)
            plain += abs(forecast.y - next.y)
        }
        #expect(error < 0.2 * plain, "\(error) of \(plain)")
        #expect(scenario.daemon.stop() == 0)
    }

    /// What is told over HTTP is what the last message says, and more.
    private func checkReports(_ score: Peer.Received.Payload.Score, port: Int) throws {
        struct Scores: Decodable {
            struct Period: Decodable {
                var weight: Double
                var mae, skill, mase: Double?
                var interval_score: [String: Double]
            }
            var horizon: Int
            var life, recent: Period
        }
        struct Stream: Decodable {
            var score: Peer.Received.Payload.Score?
            var scores: [Scores]?
        }
        struct Page: Decodable { var streams: [Stream] }
        struct Status: Decodable {
            struct Rule: Decodable {
                var streams: Int
                var score: Scores
            }
            var scores: [Rule]
        }
        let stream = try HTTPTests.decoded("/api/v1/streams/plant.a", port: port, as: Stream.self)
        let listed = try HTTPTests.decoded("/api/v1/streams?match=plant.*", port: port, as: Page.self)
        #expect(listed.streams.count == 1 && listed.streams[0].scores == nil)
        for told in [stream.score, listed.streams[0].score] {
            #expect(abs(try #require(told?.skill) - (try #require(score.skill))) < 1e-4)
            #expect(Set(try #require(told).coverage.keys) == ["0.5", "0.9"])
        }
        let figures = try #require(stream.scores?.first)
        #expect(stream.scores?.count == 1 && figures.horizon == 1 && figures.life.weight == 584)
        #expect(abs(try #require(figures.recent.mae) - (try #require(score.mae))) < 1e-4)
        #expect(figures.life.mase.map { $0 < 0.5 } == true && figures.life.interval_score.count == 2)
        // Reports come at most ten times a second, from each thread.
        var status = try HTTPTests.decoded("/api/v1/status", port: port, as: Status.self)
        while status.scores.first.map({ $0.score.life.weight < 584 }) ?? true {
            status = try HTTPTests.decoded("/api/v1/status", port: port, as: Status.self)
        }
        #expect(status.scores.count == 1 && (1...2).contains(status.scores[0].streams))
        let (pooled, alone) = (status.scores[0].score.life.skill, figures.life.skill)
        #expect(abs(try #require(pooled) - (try #require(alone))) < 1e-9)
    }

    /// The last message's score is what its values and the forecasts before it come to.
    private func checkScore(_ messages: [Peer.Received.Payload], halfLife: Double) throws {
        var (weight, error, plain, known, held) = (0.0, 0.0, 0.0, 0.0, 0.0)
        // Learning, and with it scoring, begins with the sixteenth value.
        for tick in 16..<messages.count {
            let (before, truth) = (messages[tick - 1], messages[tick].y)
            let fading = exp2(-1 / halfLife)
            let miss = abs(try #require(before.yhat[0]) - truth)
            let lower = try #require(before.yhat_lower?["0.9"])[0]
            let upper = try #require(before.yhat_upper?["0.9"])[0]
            weight = weight * fading + 1
            error = error * fading + miss
            plain = plain * fading + abs(before.y - truth)
            known *= fading
            held *= fading
            if let lower, let upper {
                known += 1
                held += truth >= lower && truth <= upper ? 1 : 0
            }
        }
        let score = try #require(messages.last?.score)
        #expect(abs(try #require(score.mae) - error / weight) < 1e-4)
        #expect(abs(try #require(score.skill) - (1 - error / plain)) < 1e-4)
        #expect(abs(try #require(score.coverage["0.9"] ?? nil) - held / known) < 1e-4)
    }
}
