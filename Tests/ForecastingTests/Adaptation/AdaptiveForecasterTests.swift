// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// The adaptive forecast as a whole, on one stream.
struct AdaptiveForecasterTests {
    static let season = 12
    static let horizon = 6

    /// A stream by itself: its forecasts and intervals after each value.
    final class Stream {
        let forecaster: AdaptiveForecaster
        var yhat: [Double]
        var margins: [Double]
        private let hidden: [Float] = [0.25, -0.5, 0.125]

        convenience init(
            _ depth: Adaptation.Depth = .light, season: Int = season, horizon: Int = horizon,
            mix: Adaptation.Mix = .mlpol
        ) {
            self.init(
                Adaptation(depth: depth, season: season, horizon: horizon, levels: [0.8, 0.95], mix: mix))
        }

        init(_ adaptation: Adaptation) {
            forecaster = AdaptiveForecaster(adaptation, hiddenSize: 3, rowCount: 2)
            yhat = Array(repeating: 0, count: adaptation.horizon)
            margins = Array(repeating: 0, count: 2 * adaptation.levels.count * adaptation.horizon)
        }

        @discardableResult func step(_ tick: AdaptiveForecaster.Tick, row: Int = 1) -> Bool {
            for index in yhat.indices { yhat[index] = tick.value }
            return forecaster.advance(
                row: row, tick, hidden: hidden, yhat: &yhat, margins: &margins)
        }
    }

    /// A season with noise around a level.
    static func values(_ count: Int, seed: UInt64, unit: Double = 1, offset: Double = 0) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { tick in
            let wave = sin(2 * .pi * Double(tick) / Double(season)) + 0.3 * cos(4 * .pi * Double(tick) / 12)
            return offset + unit * (wave + .random(in: -0.2...0.2, using: &generator))
        }
    }

    @Test(arguments: Adaptation.Depth.allCases) func whatComesLaterChangesNothingBefore(
        depth: Adaptation.Depth
    ) {
        let past = Self.values(400, seed: 1)
        let (left, right) = (Stream(depth), Stream(depth))
        for value in past {
            left.step(.init(value: value))
            right.step(.init(value: value))
            #expect(left.yhat.map(\.bitPattern) == right.yhat.map(\.bitPattern))
            #expect(left.margins.map(\.bitPattern) == right.margins.map(\.bitPattern))
        }
        // A forecast stands once it is made: two futures part only after it.
        left.step(.init(value: 5))
        right.step(.init(value: -5))
        #expect(left.yhat != right.yhat)
    }

    @Test(arguments: [(1, 0), (1e-6, 1e3), (1e9, 1e3)], Adaptation.Mix.allCases)
    func itIsBetterThanPersistenceInAnyUnit(_ scale: (unit: Double, offset: Double), mix: Adaptation.Mix)
        throws
    {
        let (unit, offset) = scale
        let stream = Stream(mix: mix)
        for value in Self.values(3000, seed: 2, unit: unit, offset: offset * unit) {
            stream.step(.init(value: value))
        }
        for horizon in 1...Self.horizon {
            let scores = try #require(stream.forecaster.scores(row: 1, horizon: horizon))
            #expect(scores.recent.skillAgainstPersistence > 0.3, "\(horizon) ahead: \(scores.recent)")
            #expect(scores.recent.skillAgainstSeason > 0, "\(horizon) ahead: \(scores.recent)")
            #expect(abs(scores.life.coverage[0] - 0.8) < 0.03 && abs(scores.life.coverage[1] - 0.95) < 0.03)
            #expect(scores.missing == 0)
        }
    }

    /// The scores must be those of the forecasts and intervals that were published.
    @Test func scoresAreOfWhatWasPublished() throws {
        let stream = Stream()
        let values = Self.values(200, seed: 3)
        var published: [[Double]] = []
        var margins: [[Double]] = []
        for value in values {
            stream.step(.init(value: value))
            published.append(stream.yhat)
            margins.append(stream.margins)
        }
        let plain = try #require(stream.forecaster.scores(row: 1, horizon: 1)).life
        let scale = plain.meanAbsoluteError / (1 - plain.skillAgainstPersistence)
        for horizon in 1...Self.horizon {
            let scores = try #require(stream.forecaster.scores(row: 1, horizon: horizon))
            // Learning, and with it scoring, begins when the unit is known.
            let first = values.count - horizon - Int(scores.life.weight)
            let errors = (first..<values.count - horizon).map {
                published[$0][horizon - 1] - values[$0 + horizon]
            }
            let mean = errors.map(abs).reduce(0, +) / Double(errors.count)
            #expect(abs(scores.life.meanAbsoluteError - mean) < 1e-6)
            #expect(abs(scores.life.meanAbsoluteScaledError - mean / scale) < 1e-6)
            let bounds = (first..<values.count - horizon).map {
                (
                    below: margins[$0][2 * Self.horizon + horizon - 1],
                    above: margins[$0][3 * Self.horizon + horizon - 1]
                )
            }
            let held = zip(errors, bounds).filter { $0 <= $1.below && -$0 <= $1.above }.count
            let known = bounds.filter(\.below.isFinite).count
            #expect(known < errors.count, "the first forecasts have no intervals")
            #expect(abs(scores.life.coverage[1] - Double(held) / Double(known)) < 1e-9)
        }
    }

    @Test func withoutASeasonThereIsNoSkillAgainstIt() throws {
        let stream = Stream(season: 0)
        for value in Self.values(100, seed: 5) { stream.step(.init(value: value)) }
        let period = try #require(stream.forecaster.scores(row: 1, horizon: 2)).life
        #expect(period.skillAgainstSeason.isNaN && period.skillAgainstPersistence.isFinite)
    }

    /// What is told of late is of the last days, or of the last values where a day has few.
    @Test(arguments: [(1800, 48), (3600, 24), (864_000, 24)]) func recentScoresFadeWithTheTicksTimes(
        seconds: Int64, halfLife: Double
    ) throws {
        let stream = Stream()
        for (tick, value) in Self.values(400, seed: 6).enumerated() {
            // It becomes quite another stream.
            let time = Timestamp(nanoseconds: Int64(tick) * seconds * 1_000_000_000)
            stream.step(.init(value: tick < 100 ? value : 0.001 * value, time: time))
        }
        let figures = try #require(stream.forecaster.scores(row: 1, horizon: 1))
        #expect(abs(figures.recent.weight - 1 / (1 - exp2(-1 / halfLife))) < 1)
        #expect(figures.recent.meanAbsoluteError < 0.1 * figures.life.meanAbsoluteError)
    }

    /// Streams that are the same but for their unit are as well forecast together as each alone.
    @Test func aPoolCountsEachStreamInItsOwnUnit() throws {
        let (stream, alone) = (Stream(), Stream())
        for value in Self.values(300, seed: 7) {
            alone.step(.init(value: value))
            stream.step(.init(value: value), row: 0)
            stream.step(.init(value: 4096 * value), row: 1)
        }
        let pool = stream.forecaster.pooledScore
        let (all, one) = (pool.figures.life, try #require(stream.forecaster.scores(row: 0, horizon: 1)).life)
        #expect(pool.streams == 2 && all.weight == 2 * one.weight)
        let unpooled = alone.forecaster.pooledScore.figures.life
        #expect(abs(all.meanAbsoluteError - unpooled.meanAbsoluteError) < 1e-6)
        #expect(abs(all.skillAgainstPersistence - one.skillAgainstPersistence) < 1e-6)
        #expect(abs(all.skillAgainstSeason - one.skillAgainstSeason) < 1e-6)
        #expect(all.coverage == one.coverage)
        stream.forecaster.fadePool(to: Timestamp(nanoseconds: 86_400_000_000_000))
        let faded = stream.forecaster.pooledScore
        #expect(abs(faded.figures.recent.weight - 0.5 * all.weight) < 1e-4 * all.weight)
        #expect(faded.figures.life == all)
        var sum = pool
        sum.add(pool)
        #expect(sum.streams == 4 && sum.figures.life.weight == 2 * all.weight)
        #expect(sum.figures.life.coverage == all.coverage)
        stream.forecaster.reset(row: 0)
        stream.forecaster.reset(row: 0)
        #expect(stream.forecaster.pooledScore.streams == 1)
    }

    @Test func aGapTeachesNothing() throws {
        let stream = Stream()
        for value in Self.values(100, seed: 4) { stream.step(.init(value: value)) }
        let before = try #require(stream.forecaster.scores(row: 1, horizon: 1))
        stream.step(.init(value: 77, isObserved: false))
        #expect(stream.forecaster.scores(row: 1, horizon: 1) == before)
        stream.step(.init(value: 0.5, skipped: 3))
        let after = try #require(stream.forecaster.scores(row: 1, horizon: 1))
        #expect(after.life.weight == before.life.weight && after.missing == before.missing + 1)
    }

    /// Ten million ticks in all of what sensors do at their worst.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func itIsNeverNotFinite(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let (season, limit) = [(0, 0), (12, 0), (0, 40)][Int(seed % 3)]
        let stream = Stream(
            Adaptation(
                depth: .light, season: season, seasonLimit: limit, horizon: 2, levels: [0.8, 0.95],
                mix: seed % 4 < 2 ? .mlpol : .boa))
        var level = 0.0
        var sure = true
        for tick in 0..<1_000_000 {
            var next = AdaptiveForecaster.Tick(value: level)
            switch Int.random(in: 0...9999, using: &generator) {
            case 0:
                level =
                    .random(in: -1...1, using: &generator) * pow(10, .random(in: -12...12, using: &generator))
            case 1...3: next.skipped = .random(in: 1...100, using: &generator)
            case 4...40: next.value = -9999
            case 41...80: next.isObserved = false
            case 81: next.value = 1e300
            case 82...6000: next.value = level + .random(in: -1...1, using: &generator)
            default: break
            }
            guard stream.step(next) else { continue }
            sure =
                sure && stream.yhat.allSatisfy(\.isFinite)
                && stream.margins.allSatisfy { !($0 < 0) && $0 != .infinity }
            if !sure {
                Issue.record("seed \(seed), tick \(tick): \(stream.yhat) \(stream.margins)")
                return
            }
        }
    }

    @Test func memoryIsWhatIsSaid() {
        let adaptation = Adaptation(depth: .light, season: 24, horizon: 24, levels: [0.8, 0.95])
        let full = Adaptation(depth: .full, season: 24, horizon: 24, levels: [0.8, 0.95])
        let bytes = AdaptiveForecaster.bytesPerStream(adaptation, hiddenSize: 50)
        #expect((160_000..<180_000).contains(bytes), "\(bytes)")
        #expect((310_000..<330_000).contains(AdaptiveForecaster.bytesPerStream(full, hiddenSize: 50)))
    }
}
