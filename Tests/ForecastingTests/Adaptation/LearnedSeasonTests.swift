// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

/// Forecasts of streams that learn their season.
struct LearnedSeasonTests {
    static func adaptation(season: Int, limit: Int) -> Adaptation {
        Adaptation(depth: .light, season: season, seasonLimit: limit, horizon: 6, levels: [0.8, 0.95])
    }

    private typealias Stream = AdaptiveForecasterTests.Stream

    private static func stream(season: Int = 0, limit: Int = 48) -> Stream {
        Stream(adaptation(season: season, limit: limit))
    }

    /// Once found, the season serves as well as one that was given.
    @Test func itIsAsGoodAsOneThatIsGiven() throws {
        let values = AdaptiveForecasterTests.values(4000, seed: 21)
        let (learned, given) = (Self.stream(), Self.stream(season: 12, limit: 0))
        var squares = [0.0, 0.0]
        for (tick, value) in values.enumerated() {
            if tick >= 2000 {
                for (index, stream) in [learned, given].enumerated() {
                    squares[index] += (stream.yhat[0] - value) * (stream.yhat[0] - value)
                }
            }
            for stream in [learned, given] { stream.step(.init(value: value)) }
            if tick == 50 {
                #expect(learned.forecaster.season(row: 1) == 0)
                let figures = try #require(learned.forecaster.scores(row: 1, horizon: 1))
                #expect(figures.life.skillAgainstSeason.isNaN && figures.recent.skillAgainstSeason.isNaN)
            }
        }
        #expect(learned.forecaster.season(row: 1) == 12 && learned.forecaster.season(row: 0) == 0)
        #expect(given.forecaster.season(row: 1) == 12)
        #expect(squares[0] < 1.03 * squares[1], "\(squares)")
        for horizon in [1, 6] {
            let scores = try #require(learned.forecaster.scores(row: 1, horizon: horizon)).life
            #expect(scores.skillAgainstSeason > 0 && scores.skillAgainstPersistence > 0.3)
            #expect(abs(scores.coverage[0] - 0.8) < 0.03 && abs(scores.coverage[1] - 0.95) < 0.03)
        }
    }

    /// Streams of one rule have seasons of their own, and keep them until they are reset.
    @Test func eachStreamHasItsOwn() {
        let stream = Self.stream()
        for tick in 0..<600 {
            stream.step(.init(value: Double(tick % 7)), row: 0)
            stream.step(.init(value: Double(tick % 10)), row: 1)
        }
        #expect(stream.forecaster.season(row: 0) == 7 && stream.forecaster.season(row: 1) == 10)
        stream.forecaster.reset(row: 0)
        #expect(stream.forecaster.season(row: 0) == 0 && stream.forecaster.season(row: 1) == 10)
        for tick in 0..<600 { stream.step(.init(value: Double(tick % 12)), row: 0) }
        #expect(stream.forecaster.season(row: 0) == 12)
    }

    /// A stream that has no season is forecast no worse than by a rule that gives none.
    @Test func withoutASeasonNothingIsLost() throws {
        var generator = SeededGenerator(seed: 22)
        let (learned, none) = (Self.stream(), Self.stream(limit: 0))
        var level = 0.0
        for _ in 0..<3000 {
            level = 0.8 * level + .random(in: -1...1, using: &generator)
            for stream in [learned, none] { stream.step(.init(value: level)) }
        }
        #expect(learned.forecaster.season(row: 1) == 0)
        for horizon in [1, 6] {
            let errors = try [learned, none].map {
                try #require($0.forecaster.scores(row: 1, horizon: horizon)).life.meanAbsoluteError
            }
            #expect(errors[0] < 1.01 * errors[1], "\(horizon) ahead: \(errors)")
        }
    }

    /// What comes later changes no forecast before it, whenever the season is found.
    @Test func whatComesLaterChangesNothingBefore() {
        let past = AdaptiveForecasterTests.values(300, seed: 23)
        let (left, right) = (Self.stream(), Self.stream())
        for value in past { left.step(.init(value: value)) }
        for (tick, value) in (past + [9, -9, 4]).enumerated() {
            right.step(.init(value: value))
            if tick == past.count - 1 {
                #expect(left.yhat.map(\.bitPattern) == right.yhat.map(\.bitPattern))
                #expect(left.margins.map(\.bitPattern) == right.margins.map(\.bitPattern))
            }
        }
    }

    /// The memory is that of the longest season that is looked for.
    @Test func memoryGrowsWithTheLimit() {
        func bytes(_ season: Int, _ limit: Int) -> Int {
            AdaptiveForecaster.bytesPerStream(Self.adaptation(season: season, limit: limit), hiddenSize: 50)
        }
        let learned = bytes(0, 288)
        #expect(learned > bytes(288, 0) + 2 * 721 * 8 && learned < bytes(288, 0) + 2 * 721 * 8 + 8192)
        #expect(bytes(0, 1440) > learned)
    }
}
