// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// The readout's fast step, held against recursions and batch solutions written out in full.
struct LinearReadoutTests {
    /// One readout with its memory.
    final class Fast {
        let readout: LinearReadout
        let memory: AlignedDoubles
        let features: AlignedDoubles
        let scratch: AlignedDoubles

        init(featureCount: Int, horizon: Int, factor: Double, on instructionSet: InstructionSet = .best) {
            readout = LinearReadout(
                .past, featureCount: featureCount, horizon: horizon, factor: factor, on: instructionSet)
            memory = AlignedDoubles(readout.length)
            features = AlignedDoubles(readout.stride)
            scratch = AlignedDoubles(3 * readout.stride)
            readout.reset(memory.start)
        }

        func step(_ tick: Int, _ values: [Double], _ targets: [Double]) -> [Double] {
            for (index, value) in values.enumerated() { features.start[index] = value }
            return [Double](unsafeUninitializedCapacity: targets.count) { forecasts, count in
                readout.step(
                    memory.start, tick: UInt64(tick), features: features.start, targets: targets,
                    scratch: scratch.start, forecasts: forecasts.baseAddress!)
                count = targets.count
            }
        }
    }

    /// The same, as the formulas have it.
    struct Slow {
        var inverse: [[Double]]
        var weights: [[Double]]
        var features: [[Double]] = []
        var gains: [[Double]] = []
        let factor: Double

        init(featureCount: Int, horizon: Int, factor: Double) {
            inverse = (0..<featureCount).map { row in (0..<featureCount).map { $0 == row ? 1 : 0 } }
            weights = Array(repeating: Array(repeating: 0, count: featureCount), count: horizon)
            self.factor = factor
        }

        mutating func step(_ tick: Int, _ values: [Double], _ targets: [Double]) -> [Double] {
            let count = values.count
            for (index, target) in targets.enumerated() where tick > index && !target.isNaN {
                let origin = tick - index - 1
                let error = target - zip(weights[index], features[origin]).map(*).reduce(0, +)
                for place in 0..<count { weights[index][place] += gains[origin][place] * error }
            }
            let product = inverse.map { zip($0, values).map(*).reduce(0, +) }
            let scale = factor + zip(values, product).map(*).reduce(0, +)
            for row in 0..<count {
                for column in 0..<count {
                    inverse[row][column] -= product[row] * product[column] / scale
                    inverse[row][column] /= factor
                }
            }
            let feature = tick % count
            let ridge = (1 - factor) * Double(count)
            let column = inverse.map { $0[feature] }
            let pull = ridge / (1 + ridge * column[feature])
            for horizon in weights.indices {
                let weight = weights[horizon][feature]
                for place in 0..<count { weights[horizon][place] -= pull * weight * column[place] }
            }
            for row in 0..<count {
                for other in 0..<count { inverse[row][other] -= pull * column[row] * column[other] }
            }
            features.append(values)
            gains.append(product.map { $0 / scale })
            return weights.map { zip($0, values).map(*).reduce(0, +) }
        }
    }

    @Test(arguments: [1, 7, 8, 9, 24, 51], [1, 2, 24]) func theFastStepIsTheSlowOne(
        features: Int, horizon: Int
    ) {
        for instructionSet in InstructionSet.available {
            theFastStepIsTheSlowOne(features, horizon, on: instructionSet)
        }
    }

    func theFastStepIsTheSlowOne(_ features: Int, _ horizon: Int, on instructionSet: InstructionSet) {
        var generator = SeededGenerator(seed: UInt64(features * 100 + horizon))
        let fast = Fast(featureCount: features, horizon: horizon, factor: 0.999, on: instructionSet)
        var slow = Slow(featureCount: features, horizon: horizon, factor: 0.999)
        var worst = 0.0
        for tick in 0..<300 {
            let values = (0..<features).map { _ in Double.random(in: -2...2, using: &generator) }
            let targets = (0..<horizon).map { _ in
                Int.random(in: 0...9, using: &generator) == 0
                    ? .nan : Double.random(in: -2...2, using: &generator)
            }
            for (got, want) in zip(fast.step(tick, values, targets), slow.step(tick, values, targets)) {
                worst = max(worst, abs(got - want))
            }
        }
        #expect(worst < 1e-11, "\(instructionSet)")
    }

    /// Without forgetting there is no ridge but the first, and recursion must come to what solving all at once comes to.
    @Test(arguments: [1, 3] as [Int]) func itIsRidgeRegression(horizon: Int) {
        let features = 5
        var generator = SeededGenerator(seed: 11)
        let fast = Fast(featureCount: features, horizon: horizon, factor: 1)
        let truth = (0..<features).map { Double($0) - 2 }
        var rows: [[Double]] = []
        var answers: [Double] = []
        for tick in 0..<60 {
            let values = (0..<features).map { _ in Double.random(in: -1...1, using: &generator) }
            let noise = Double.random(in: -0.1...0.1, using: &generator)
            rows.append(values)
            answers.append(zip(values, truth).map(*).reduce(0, +) + noise)
            // The answer to row s comes to light `horizon` ticks later, and only then.
            var targets = [Double](repeating: .nan, count: horizon)
            if tick >= horizon { targets[horizon - 1] = answers[tick - horizon] }
            let got = fast.step(tick, values, targets)[horizon - 1]
            let known = max(0, tick - horizon + 1)
            let weights = Self.ridge(Array(rows[0..<known]), Array(answers[0..<known]), features)
            let want = zip(weights, values).map(*).reduce(0, +)
            #expect(abs(got - want) < 1e-9, "tick \(tick)")
        }
    }

    /// Solves (XᵀX + I) w = Xᵀy by elimination.
    static func ridge(_ rows: [[Double]], _ answers: [Double], _ count: Int) -> [Double] {
        var system = (0..<count).map { row in
            (0..<count).map { column in
                rows.reduce(row == column ? 1 : 0) { $0 + $1[row] * $1[column] }
            } + [zip(rows, answers).reduce(0) { $0 + $1.0[row] * $1.1 }]
        }
        for pivot in 0..<count {
            for row in 0..<count where row != pivot {
                let factor = system[row][pivot] / system[pivot][pivot]
                for column in 0...count { system[row][column] -= factor * system[pivot][column] }
            }
        }
        return (0..<count).map { system[$0][count] / system[$0][$0] }
    }

    @Test(arguments: [0.001, 40]) func aReadoutInAnotherUnitSaysTheSame(ratio: Double) {
        let (features, horizon) = (10, 4)
        let fast = Fast(featureCount: features, horizon: horizon, factor: 0.999)
        let rescaled = Fast(featureCount: features, horizon: horizon, factor: 0.999)
        var generator = SeededGenerator(seed: 3)
        var worst = 0.0
        for tick in 0..<400 {
            let values = (0..<features).map { _ in Double.random(in: -1...1, using: &generator) }
            let targets = (0..<horizon).map { _ in Double.random(in: -1...1, using: &generator) }
            let plain = fast.step(tick, values, targets)
            if tick == 200 { rescaled.readout.rescale(rescaled.memory.start, by: ratio, differences: 2..<7) }
            let unit = tick < 200 ? 1 : ratio
            let other = rescaled.step(
                tick, values.enumerated().map { (2..<7).contains($0) ? $1 / unit : $1 },
                targets.map { $0 / unit })
            // The ridge that is put back is in the new unit, so that the two drift apart slowly.
            guard tick < 202 else { continue }
            for (left, right) in zip(plain, other) { worst = max(worst, abs(left - right * unit)) }
        }
        #expect(worst < 1e-3)
    }

    @Test func constantFeaturesKeepItFinite() {
        let fast = Fast(featureCount: 12, horizon: 2, factor: 0.999)
        var last: [Double] = []
        for tick in 0..<200_000 { last = fast.step(tick, Array(repeating: 1, count: 12), [0.5, 0.5]) }
        #expect(abs(last[0] - 0.5) < 1e-3 && abs(last[1] - 0.5) < 1e-3)
    }
}
