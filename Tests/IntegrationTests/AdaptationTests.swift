// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Forecasts that learn, from a real daemon.
@Suite(.serialized) struct AdaptationTests {
    /// A wave that the model knows nothing of is forecast better than by repeating the last value, and intervals hold.
    @Test(arguments: ["1", "2"]) func aWaveIsLearned(pipelines: String) throws {
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0, adapt: light, season: 12, levels: [0.5, 0.9], horizon: 1",
            pipelines: pipelines)
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
        try checkScore(messages, halfLife: 12)
        #expect(scenario.daemon.stop() == 0)
    }

    /// The last message's score is what its values and the forecasts before it come to.
    private func checkScore(_ messages: [Peer.Received.Payload], halfLife: Double) throws {
        var (weight, error, plain, held) = (0.0, 0.0, 0.0, 0.0)
        // Learning, and with it scoring, begins with the sixteenth value.
        for tick in 16..<messages.count {
            let (before, truth) = (messages[tick - 1], messages[tick].y)
            let fading = exp2(-1 / halfLife)
            let miss = abs(try #require(before.yhat[0]) - truth)
            let upper = try #require(before.yhat_upper?["0.9"]?[0] ?? before.yhat[0])
            let isHeld = miss <= upper - (try #require(before.yhat[0]))
            weight = weight * fading + 1
            error = error * fading + miss
            plain = plain * fading + abs(before.y - truth)
            held = held * fading + (isHeld ? 1 : 0)
        }
        let score = try #require(messages.last?.score)
        #expect(abs(try #require(score.mae) - error / weight) < 1e-4)
        #expect(abs(try #require(score.skill) - (1 - error / plain)) < 1e-4)
        #expect(abs(try #require(score.coverage["0.9"] ?? nil) - held / weight) < 1e-4)
    }
}
