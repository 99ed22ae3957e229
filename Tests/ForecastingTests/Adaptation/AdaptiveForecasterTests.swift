// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// The adaptive forecast as a whole, on one stream.
struct AdaptiveForecasterTests {
    static let season = 12
    static let horizon = 6

    /// A stream by itself: its forecasts and half-widths after each value.
    final class Stream {
        let forecaster: AdaptiveForecaster
        var yhat: [Double]
        var widths: [Double]
        private let hidden: [Float] = [0.25, -0.5, 0.125]

        init(_ depth: Adaptation.Depth = .light, season: Int = season, horizon: Int = horizon) {
            forecaster = AdaptiveForecaster(
                Adaptation(depth: depth, season: season, horizon: horizon, levels: [0.8, 0.95]),
                hiddenSize: 3,
                rowCount: 2)
            yhat = Array(repeating: 0, count: horizon)
            widths = Array(repeating: 0, count: 2 * horizon)
        }

        @discardableResult func step(_ tick: AdaptiveForecaster.Tick) -> Bool {
            for index in yhat.indices { yhat[index] = tick.value }
            return forecaster.advance(
                row: 1, tick, hidden: hidden, yhat: &yhat, widths: &widths)
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
            #expect(left.widths.map(\.bitPattern) == right.widths.map(\.bitPattern))
        }
        // A forecast stands once it is made: two futures part only after it.
        left.step(.init(value: 5))
        right.step(.init(value: -5))
        #expect(left.yhat != right.yhat)
    }

    @Test(arguments: [1, 1e-6, 1e9], [0, 1e3]) func itIsBetterThanPersistenceInAnyUnit(
        unit: Double, offset: Double
    )
        throws
    {
        let stream = Stream()
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

    /// The scores must be those of the forecasts that were published.
    @Test func scoresAreOfWhatWasPublished() throws {
        let stream = Stream()
        let values = Self.values(200, seed: 3)
        var published: [[Double]] = []
        for value in values {
            stream.step(.init(value: value))
            published.append(stream.yhat)
        }
        for horizon in 1...Self.horizon {
            let scores = try #require(stream.forecaster.scores(row: 1, horizon: horizon))
            // Learning, and with it scoring, begins when the unit is known.
            let first = values.count - horizon - Int(scores.life.weight)
            let errors = (first..<values.count - horizon).map {
                abs(published[$0][horizon - 1] - values[$0 + horizon])
            }
            let mean = errors.reduce(0, +) / Double(errors.count)
            #expect(abs(scores.life.meanAbsoluteError - mean) < 1e-6)
        }
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
        let stream = Stream(season: seed % 2 == 0 ? 12 : 0, horizon: 2)
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
                && stream.widths.allSatisfy { !($0 < 0) && $0 != .infinity }
            if !sure {
                Issue.record("seed \(seed), tick \(tick): \(stream.yhat) \(stream.widths)")
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
