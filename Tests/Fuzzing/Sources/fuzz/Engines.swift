// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

@testable import ForecastDaemon
@testable import Forecasting

/// Engines that are told anything, or get any state.
enum Engines {
    private static let second: Int64 = 1_000_000_000

    /// Rules of each kind, for few streams: `e` each observation, `g` a grid, `l` one that is learned, `r` adapted.
    private static let plan: ForecastPlan = {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 2, layerCount: 1, outputSize: 1)
        let ramp = { (count: Int) in (0..<count).map { Float($0 % 5) / 4 - 0.5 } }
        let weights = RecurrentWeights(
            shape: shape, layers: [.init(input: ramp(8), recurrent: ramp(16), bias: ramp(8))],
            readout: ramp(2),
            readoutBias: [0])
        let model = ForecastPlan.Model(
            name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .value)
        func rule(_ match: String, _ change: (inout ForecastPlan.Rule) -> Void) -> ForecastPlan.Rule {
            guard let match = try? Glob(match) else { fatalError("a pattern") }
            var rule = ForecastPlan.Rule(
                match: match, model: 0, scaling: .rolling(halfLife: 8), horizon: 2, warmup: 2,
                maximumSkew: 60 * second)
            change(&rule)
            return rule
        }
        return ForecastPlan(
            models: [model],
            rules: [
                rule("e*") {
                    $0.time.lateness = second
                    $0.values.rate = 1000
                },
                rule("g*") {
                    $0.time.every = .period(second)
                    $0.time.lateness = 3 * second
                    $0.time.reviseLimit = 2
                    $0.time.windowLength = 8
                    $0.time.fill = .linear
                    $0.time.aggregate = .mean
                },
                rule("l*") {
                    $0.time.every = .auto
                    $0.time.lateness = second / 2
                    $0.scaling = .none
                    $0.values.stuck = .observations(3)
                },
                rule("r*") {
                    $0.time.every = .period(second / 10)
                    $0.time.windowLength = 24
                    $0.adaptation = Adaptation(depth: .light, season: 3, horizon: 2, levels: [0.8])
                    $0.anomalies = AnomalyPolicy()
                    $0.idleLimit = 100 * second
                },
            ], streamsLimit: 4, batchLimit: 3)
    }()

    /// An engine is told entries of a journal's record, which are what comes over the network and when: it goes on, and its
    /// state goes into another one and out of that as it was.
    static func record(_ input: UnsafeRawBufferPointer) {
        var engine = ForecastEngine(plan: plan, seed: 1)
        var now = Timestamp(nanoseconds: 1_700_000_000 * second)
        var counts = TurnRecord.Counts()
        do throws(StateError) {
            try TurnRecord.replay(input.bytes, to: &engine, now: &now, counts: &counts) { engine in
                for index in 0..<engine.forecastCount {
                    let yhat = engine.yhat(at: index)
                    expect(yhat.indices.allSatisfy { !yhat[$0].isInfinite }, "an infinite forecast")
                }
            }
        } catch { return }
        while engine.advance(at: now) {}
        var other = ForecastEngine(plan: plan, seed: 2)
        expect(restore(copy(&engine), into: &other) != nil, "its own state is refused")
        expect(engine.streams.slotCount == other.streams.slotCount, "another count of streams")
        for slot in 0..<UInt32(engine.streams.slotCount) where engine.streams.isUsed(slot) {
            for (part, restored) in zip(engine.stateParts(of: slot), other.stateParts(of: slot)) {
                expect(part == restored, "of stream \(slot): \(part.difference(from: restored) ?? "names")")
            }
        }
    }

    private static func copy(_ engine: inout ForecastEngine) -> [UInt8] {
        var bytes: [UInt8] = []
        engine.copyAll { bytes += $0 }
        return bytes
    }

    private static func restore(_ state: [UInt8], into engine: inout ForecastEngine) -> Restoration? {
        var rest: [UInt8]? = state
        var reader = StateReader { () throws(StateError) in
            defer { rest = nil }
            return rest
        }
        return try? engine.restore(from: &reader)
    }
}
