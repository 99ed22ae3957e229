// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

/// The anomaly score of one stream.
struct AnomalyDetectorTests {
    /// A stream whose forecasts are given.
    struct Stream {
        let detector: AnomalyDetector
        var state = AnomalyState()

        init(_ change: (inout AnomalyPolicy) -> Void = { _ in }) {
            var policy = AnomalyPolicy()
            change(&policy)
            detector = AnomalyDetector(policy)
        }

        mutating func score(_ value: Double, forecast: Double? = nil) -> Double {
            state.isForecast = forecast != nil
            state.forecast = forecast ?? 0
            return detector.score(value, &state)
        }
    }

    static func gaussian(_ count: Int, seed: UInt64) -> [Double] {
        Noise.gaussian.values(count, seed: seed).map(\.value)
    }

    @Test(arguments: [0, 7, 800], [0.01, 1e-4]) func scoresAreThoseOfTheEquations(
        season: Int, falseAlarms: Double
    ) {
        var stream = Stream { ($0.season, $0.falseAlarms) = (season, falseAlarms) }
        var slow = SlowDetector(falseAlarms: falseAlarms, season: season)
        var generator = SeededGenerator(seed: 11)
        for (tick, noise) in Noise.heavyTailed.values(3000, seed: 10).enumerated() {
            let isJump = Int.random(in: 0..<200, using: &generator) == 0
            let value = noise.value + (isJump ? 40 : 0) + (tick > 2000 ? 100 : 0)
            let forecast = tick % 17 == 0 ? nil : noise.forecast + (tick > 2010 ? 100 : 0)
            let (got, want) = (
                stream.score(value, forecast: forecast), slow.score(value, forecast: forecast)
            )
            #expect(got.isNaN == want.isNaN && !(abs(got - want) > 1e-6 * (1 + want)), "tick \(tick)")
        }
    }

    /// At most 1.5 times the share of residuals that is asked for, whatever the tails, and not far fewer where it can be
    /// counted; with those of the level twice as many alarms.
    @Test(arguments: Noise.allCases, [0.01, 0.001, 1e-4])
    func falseAlarmsAreAsRareAsAskedFor(noise: Noise, falseAlarms: Double) {
        let count = 200_000
        var stream = Stream { $0.falseAlarms = falseAlarms }
        var state = ResidualWatch()
        var (begins, residuals, isOn) = (0, 0, false)
        for (value, forecast) in noise.values(count, seed: 20) {
            let wasOn = isOn
            isOn = stream.score(value, forecast: forecast) > 1
            begins += isOn && !wasOn ? 1 : 0
            residuals += abs(state.learn(value - forecast, of: value, stream.detector)) > 1 ? 1 : 0
        }
        let expected = falseAlarms * Double(count)
        #expect(Double(residuals) < 1.5 * expected, "\(residuals) residuals")
        if falseAlarms > 1e-4 { #expect(Double(residuals) > 0.3 * expected, "\(residuals) residuals") }
        #expect(Double(begins) < 2 * expected + 10, "\(begins) alarms, \(residuals) residuals")
    }

    @Test func nothingIsScoredBeforeEnoughIsKnown() {
        var stream = Stream { $0.season = 300 }
        for value in Self.gaussian(300, seed: 1) { #expect(stream.score(value, forecast: 0).isNaN) }
        #expect(stream.score(0.1, forecast: 0) < 1)
        #expect(stream.score(100, forecast: 0) > 1)
    }

    struct Deviation: Sendable, CustomTestStringConvertible {
        var direction: AnomalyPolicy.Direction
        var minimum: Double
        var value: Double
        var isAnomaly: Bool
        var testDescription: String { "\(direction), at least \(minimum): \(value)" }
    }

    @Test(arguments: [
        Deviation(direction: .both, minimum: 0, value: 50, isAnomaly: true),
        Deviation(direction: .both, minimum: 0, value: -50, isAnomaly: true),
        Deviation(direction: .both, minimum: 0, value: 0.1, isAnomaly: false),
        Deviation(direction: .above, minimum: 0, value: 50, isAnomaly: true),
        Deviation(direction: .above, minimum: 0, value: -50, isAnomaly: false),
        Deviation(direction: .below, minimum: 0, value: 50, isAnomaly: false),
        Deviation(direction: .below, minimum: 0, value: -50, isAnomaly: true),
        Deviation(direction: .both, minimum: 40, value: 50, isAnomaly: true),
        Deviation(direction: .both, minimum: 60, value: -50, isAnomaly: false),
        Deviation(direction: .below, minimum: 40, value: -50, isAnomaly: true),
    ]) func onlyWhatIsAskedForCounts(_ example: Deviation) {
        var stream = Stream { ($0.direction, $0.minimumDeviation) = (example.direction, example.minimum) }
        for value in Self.gaussian(2000, seed: 3) { _ = stream.score(value, forecast: 0) }
        // As a residual of one value, and as a level that the forecasts follow at once.
        let score = stream.score(example.value, forecast: 0)
        #expect((score > 1) == example.isAnomaly && (example.isAnomaly || score < 1), "\(score)")
        var levels = 0
        for noise in Self.gaussian(30, seed: 4) {
            let value = example.value + noise
            levels += stream.score(value, forecast: value) > 1 ? 1 : 0
        }
        #expect((levels > 15) == example.isAnomaly && (example.isAnomaly || levels == 0), "\(levels)")
    }

    /// Each step is small, and forecast: only where the stream has come to tells.
    @Test func aLevelThatDriftsAwayIsAnomalous() {
        var stream = Stream()
        for value in Self.gaussian(3000, seed: 5) { _ = stream.score(value, forecast: 0) }
        var scores: [Double] = []
        for (tick, noise) in Self.gaussian(300, seed: 6).enumerated() {
            scores.append(stream.score(0.05 * Double(tick) + noise, forecast: 0.05 * Double(tick)))
        }
        #expect(scores.filter { $0 > 1 }.count > 100)
        #expect(scores.prefix(20).allSatisfy { $0 < 1 })
    }

    /// However large the change, it is old news after as many ticks as documented.
    @Test(arguments: [10, 1e3, 1e6]) func aNewLevelBecomesUsual(change: Double) {
        var stream = Stream()
        for value in Self.gaussian(3000, seed: 7) { _ = stream.score(value, forecast: 0) }
        var forecast = 0.0
        let scores = Self.gaussian(3000, seed: 8).map { noise in
            defer { forecast += 0.5 * (change + noise - forecast) }
            return stream.score(change + noise, forecast: forecast)
        }
        #expect(scores[0] > 1 && scores[..<20].allSatisfy { $0 > 1 }, "the alarm is on at first")
        let last = scores.lastIndex { $0 > 1.5 } ?? 0
        #expect(last < 500, "still \(scores[last]) after \(last) ticks")
        #expect(scores[500...].filter { $0 > 1 }.count < 10)
    }

    /// One value that is none is an anomaly, and changes little of what comes after.
    @Test func aSentinelLeavesLittleBehind() {
        var (left, right) = (Stream(), Stream())
        for value in Self.gaussian(3000, seed: 9) {
            _ = left.score(value, forecast: 0)
            _ = right.score(value, forecast: 0)
        }
        #expect(left.score(-9999, forecast: 0) > 100)
        #expect(right.score(0, forecast: 0) < 1)
        #expect(left.score(0, forecast: -9999) > 1, "the forecast that believed it")
        #expect(right.score(0, forecast: 0) < 1)
        for value in Self.gaussian(100, seed: 10) {
            let (got, want) = (left.score(value, forecast: 0), right.score(value, forecast: 0))
            #expect(abs(got - want) < 0.3 * want + 0.1)
        }
        #expect(left.score(30, forecast: 0) > 1)
    }

    @Test(arguments: [0, 20.5, -1e12]) func aConstantIsUsualAndItsFirstChangeIsNot(level: Double) {
        var stream = Stream()
        for _ in 0..<1000 { #expect(!(stream.score(level, forecast: level) > 0)) }
        let score = stream.score(level + 1e4, forecast: level)
        #expect(score > 1 && score <= AnomalyDetector.maximumScore)
    }

    /// Two values that alternate now and then, as of a switch: no alarm for ever.
    @Test func aSwitchIsNoAnomalyForEver() {
        var stream = Stream()
        var generator = SeededGenerator(seed: 12)
        var (value, alarms) = (0.0, 0)
        for tick in 0..<20_000 {
            let last = value
            if Int.random(in: 0..<20, using: &generator) == 0 { value = 1 - value }
            let score = stream.score(value, forecast: last)
            if tick >= 10_000 && score > 1 { alarms += 1 }
        }
        #expect(alarms < 30, "\(alarms)")
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func itIsNeverNotFinite(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var stream = Stream { $0.season = seed % 2 == 0 ? 24 : 0 }
        var (level, forecast, known) = (0.0, 0.0, 0)
        for tick in 0..<1_000_000 {
            var value = level + .random(in: -1...1, using: &generator)
            switch Int.random(in: 0...9999, using: &generator) {
            case 0:
                level =
                    .random(in: -1...1, using: &generator)
                    * pow(10, .random(in: -12...300, using: &generator))
            case 1...40: value = -9999
            case 41: value = .greatestFiniteMagnitude
            case 42: value = -.greatestFiniteMagnitude
            case 43...3000: value = level
            default: break
            }
            let score = stream.score(value, forecast: tick % 50 == 0 ? nil : forecast)
            forecast = value
            if score.isNaN { continue }
            known += 1
            guard score >= 0 && score <= AnomalyDetector.maximumScore else {
                Issue.record("seed \(seed), tick \(tick): \(score)")
                return
            }
        }
        #expect(known > 900_000, "scores that are known: \(known)")
    }

    /// What is known of a stream is one flat row of bytes.
    @Test func aRowThatWasKeptGoesOnAsIfNothingHadBeen() {
        var stream = Stream()
        for value in Self.gaussian(500, seed: 13) { _ = stream.score(value, forecast: 0) }
        let bytes = withUnsafeBytes(of: stream.state) { Array($0) }
        var other = Stream()
        bytes.withUnsafeBytes { other.state = $0.loadUnaligned(as: AnomalyState.self) }
        for value in Self.gaussian(500, seed: 14) {
            let (left, right) = (stream.score(value, forecast: 0), other.score(value, forecast: 0))
            #expect(left.bitPattern == right.bitPattern)
        }
    }
}
