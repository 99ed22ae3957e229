// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// The search for a season, on streams whose season is known.
struct SeasonLearnerTests {
    static let limit = 288

    struct Found: Equatable {
        var season: Int
        var count: Int
    }

    /// The season found in values, NaN where there is none, and how many had come by then.
    static func found(_ values: [Double], limit: Int = limit) -> Found? {
        let learner = SeasonLearner(limit: limit)
        let (memory, scratch) = (AlignedDoubles(learner.length), AlignedDoubles(learner.scratchLength))
        var statistics = RollingStatistics()
        for (place, value) in values.enumerated() where value.isFinite {
            _ = statistics.update(with: value, weight: 0)
            let season = learner.learn(
                memory.start, value, mean: statistics.mean, scratch: scratch.start
            ) { $0 <= place ? values[place - $0] : .nan }
            if season > 0 { return Found(season: season, count: place + 1) }
        }
        return nil
    }

    /// Draws `count` values of a stream by its name.
    static func values(_ name: String, season: Int, count: Int, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        func noise() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + .random(in: 0...1, using: &generator) }
        }
        let shape = (0..<max(season, 1)).map { _ in noise() }
        var (level, slope) = (0.0, 0.0)
        return (0..<count).map { tick in
            let phase = 2 * Double.pi * Double(tick) / Double(max(season, 1))
            switch name {
            case "sine": return sin(phase) + 0.2 * noise()
            case "noisy sine": return sin(phase) + 0.5 * noise()
            case "harmonics": return sin(phase) + 0.8 * sin(2 * phase) + 0.3 * noise()
            case "shape": return shape[tick % season] + 0.3 * noise()
            case "trend": return sin(phase) + 0.01 * Double(tick) + 0.2 * noise()
            case "walk with a season":
                level += 0.05 * noise()
                return level + 2 * sin(phase)
            case "outliers":
                let isOut = Int.random(in: 0..<200, using: &generator) == 0
                return sin(phase) + 0.2 * noise() + (isOut ? 50 : 0)
            case "gaps":
                let value = sin(phase) + 0.2 * noise()
                return Int.random(in: 0..<4, using: &generator) == 0 || tick % 300 < 60 ? .nan : value
            case "constant": return 7
            case "noise": return noise()
            case "random walk":
                level += noise()
                return level
            case "smooth walk":
                slope = 0.7 * slope + noise()
                level += slope
                return level
            case "autoregression":
                level = 0.9 * level + noise()
                return level
            case "line": return 0.25 * Double(tick)
            case "huge": return 1e150 * noise()
            default: preconditionFailure("a stream of the tests")
            }
        }
    }

    @Test(
        arguments: [
            "sine", "noisy sine", "harmonics", "shape", "trend", "walk with a season", "outliers", "gaps",
        ],
        [7, 12, 24, 96, 168])
    func aSeasonIsFound(name: String, season: Int) throws {
        let seed = UInt64(season)
        let values = Self.values(name, season: season, count: 40 * max(season, 24), seed: seed)
        let found = try #require(Self.found(values), "\(name), \(season): none")
        // A long and smooth season among noise is known to a hundredth.
        #expect(50 * abs(found.season - season) <= season, "\(name), \(season): \(found)")
    }

    @Test(arguments: ["sine", "shape", "harmonics"], [7, 12, 24, 96])
    func aClearSeasonIsFoundSoon(name: String, season: Int) throws {
        let values = Self.values(name, season: season, count: 40 * max(season, 24), seed: 1)
        let found = try #require(Self.found(values))
        #expect(found.season == season && found.count <= 10 * max(season, 12), "\(found)")
    }

    /// Of a day and a week one is found, and it is the day where weeks are beyond the limit.
    @Test func ofTwoSeasonsOneIsFound() throws {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<4000).map { tick in
            let isRest = tick / 24 % 7 > 4
            return (isRest ? 0 : 1) * sin(2 * .pi * Double(tick) / 24) + (isRest ? 2 : 0)
                + .random(in: -0.2...0.2, using: &generator)
        }
        #expect([24, 168].contains(Self.found(values)?.season))
        #expect(Self.found(values, limit: 100)?.season == 24)
    }

    /// A stream that swings back and forth for a while may be taken for one that has a season, once in a while.
    @Test(
        arguments: [
            ("constant", 0), ("noise", 0), ("random walk", 0), ("smooth walk", 0), ("autoregression", 1),
            ("line", 0), ("huge", 0),
        ])
    func noSeasonIsFoundWhereThereIsNone(name: String, mistakes: Int) {
        let wrong = (1...20 as ClosedRange<UInt64>).filter { seed in
            Self.found(Self.values(name, season: 0, count: 6000, seed: seed)) != nil
        }
        #expect(wrong.count <= mistakes, "\(name), seeds \(wrong)")
    }

    /// A season beyond the limit is none.
    @Test func theLimitIsKept() throws {
        let values = Self.values("sine", season: 96, count: 4000, seed: 5)
        #expect(Self.found(values, limit: 80) == nil)
        #expect(Self.found(values, limit: 4) == nil)
        #expect(Self.found(values, limit: 96)?.season == 96)
    }
}
