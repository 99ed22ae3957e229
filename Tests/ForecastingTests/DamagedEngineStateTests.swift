// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

/// A state that no checksum protects is refused or taken, whatever has become of it.
struct DamagedEngineStateTests {
    /// Streams that learn, one of them its season.
    private static func plan() throws -> ForecastPlan {
        let plan = try EngineScoreTests.plan()
        var rules = plan.rules
        rules[0].adaptation?.seasonLimit = 6
        return ForecastPlan(models: plan.models, rules: rules, streamsLimit: 2, batchLimit: 2)
    }

    private static func state() throws -> [UInt8] {
        var engine = ForecastEngine(plan: try plan(), seed: 1)
        for second in 0..<60 as Range<Int64> {
            for stream in ["a1", "b1"] { _ = engine.accept(stream, Double(second % 4), seconds: second) }
            _ = engine.takeForecasts(at: Timestamp(nanoseconds: second * 1_000_000_000))
        }
        engine.beginCopy()
        while engine.copyStreams(atMost: 1 << 30) {}
        var bytes: [UInt8] = []
        while let chunk = engine.takeCopiedChunk() { bytes += chunk }
        return bytes
    }

    /// Whether an engine takes a state.
    private static func isTaken(_ state: [UInt8], by plan: ForecastPlan) -> Bool {
        var engine = ForecastEngine(plan: plan, seed: 2)
        var rest: [UInt8]? = state
        var reader = StateReader { () throws(StateError) in
            defer { rest = nil }
            return rest
        }
        do throws(StateError) {
            _ = try engine.restore(from: &reader)
            return true
        } catch { return false }
    }

    @Test(arguments: [0x7F, 0xFF] as [UInt8]) func hugeNumbersAreRefusedOrTaken(byte: UInt8) throws {
        let (plan, whole) = (try Self.plan(), try Self.state())
        #expect(Self.isTaken(whole, by: plan))
        var (taken, refused) = (0, 0)
        for place in stride(from: 0, to: whole.count - 4, by: 4) {
            var damaged = whole
            damaged[place + 3] = byte
            if Self.isTaken(damaged, by: plan) { taken += 1 } else { refused += 1 }
        }
        #expect(taken > 100 && refused > 10)
    }
}
