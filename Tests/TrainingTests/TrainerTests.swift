// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import Testing
import Training

/// Whole trainings, small ones.
struct TrainerTests {
    /// Sines of several periods with a little noise.
    static func sines(_ count: Int, rows: Int, seed: UInt64) -> [Series] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { index in
            let period = 12 + 5 * Double(index)
            return Series(
                name: "sine.\(index)",
                values: (0..<rows).map {
                    100 + 20 * sin(2 * .pi * Double($0) / period) + random.normal()
                })
        }
    }

    static func options() -> TrainingOptions {
        var options = TrainingOptions()
        (options.hiddenSize, options.horizon, options.season) = (8, 4, 12)
        (options.window, options.batch, options.iterations) = (36, 20, 120)
        (options.validationInterval, options.learningRate) = (20, 1e-2)
        return options
    }

    @Test func aTrainingBeatsPersistence() throws {
        let trainer = try Trainer(Self.sines(3, rows: 600, seed: 1), options: Self.options())
        var reported: [Int] = []
        let network = try trainer.train { reported.append($0.iteration) }
        #expect(reported == Array(1...120))
        #expect(network.history.map(\.iteration) == [20, 40, 60, 80, 100, 120])
        let best = try #require(network.best)
        #expect(best.validation == network.history.map(\.validation).min())
        #expect(best.validation < 0.5 * network.persistenceLoss, "\(best) \(network.persistenceLoss)")
        // The last window's forecast, made as the daemon makes it, beats the last value repeated.
        let samples = trainer.samples(of: network, limit: 4)
        #expect(samples.map(\.series) == [0, 1, 2])
        for sample in samples {
            let latest = try #require(sample.history.last)
            let error = zip(sample.forecast, sample.truth).reduce(0) { $0 + abs($1.0 - $1.1) }
            let persistence = sample.truth.reduce(0) { $0 + abs($1 - latest) }
            #expect(sample.truth.count == 4 && sample.history.count == 36)
            #expect(error < persistence, "series \(sample.series)")
        }
    }

    /// Neither the number of threads nor the time of day has a part in the weights.
    @Test(arguments: [false, true]) func theSameSeedGivesTheSameWeights(isStateful: Bool) throws {
        let series = Self.sines(2, rows: 300, seed: 2)
        var options = Self.options()
        options.iterations = 30
        (options.isStateful, options.scalesErrors, options.huberDelta) = (
            isStateful, isStateful, isStateful ? 0.5 : .infinity
        )
        func parameters(_ options: TrainingOptions, threads: Int) throws -> [Float] {
            try Trainer(series, options: options, threads: threads).train { _ in }.parameters
        }
        let first = try parameters(options, threads: 1)
        #expect(try parameters(options, threads: 3) == first)
        options.seed = 2
        #expect(try parameters(options, threads: 3) != first)
    }

    /// The inputs and targets of a window, and that no window touches a missing value or another's rows.
    @Test func rowsThatAreNotTrainedOnChangeNothing() throws {
        var series = Self.sines(1, rows: 500, seed: 3)
        var options = Self.options()
        (options.iterations, options.validationInterval) = (10, 10)
        (options.trainingRows, options.validationRows) = (100..<300, 300..<400)
        func train() throws -> TrainedNetwork { try Trainer(series, options: options).train { _ in } }
        let before = try train()
        for row in 400..<500 { series[0].values[row] = 1e9 }
        let after = try train()
        #expect(after.parameters == before.parameters && after.best == before.best)
        for row in 300..<400 { series[0].values[row] += 50 }
        let validated = try train()
        #expect(validated.parameters == before.parameters && validated.best != before.best)
        for row in 200..<300 { series[0].values[row] += 50 }
        #expect(try train().parameters != before.parameters)
    }

    @Test func windowsWithMissingValuesAreSkipped() throws {
        var series = Self.sines(2, rows: 400, seed: 4)
        for row in stride(from: 0, to: 400, by: 50) { series[0].values[row] = .nan }
        for row in stride(from: 0, to: 400, by: 20) { series[1].values[row] = .infinity }
        var options = Self.options()
        options.iterations = 10
        let trainer = try Trainer(series, options: options)
        // 49 values in a row hold 10 windows of 36 ticks with a horizon of 4; 19 hold none. Of the rows to train on, 24
        // to 319, five times 49 are whole.
        #expect(trainer.trainingSeries == [0])
        #expect(trainer.windowCount == 5 * 10)
        let network = try trainer.train { _ in }
        #expect(network.parameters.allSatisfy(\.isFinite) && network.best?.validation.isFinite == true)
        #expect(trainer.samples(of: network, limit: 4).map(\.series) == [0])
    }

    @Test func patienceEndsATraining() throws {
        var options = Self.options()
        // Nothing can be learned of noise, and this rate unlearns it again and again.
        (options.patience, options.iterations, options.learningRate) = (2, 4000, 0.3)
        var random = SplitMix64(seed: 5)
        let noise = Series(name: "noise", values: (0..<300).map { _ in random.normal() })
        let network = try Trainer([noise], options: options).train { _ in }
        let last = try #require(network.history.last)
        #expect(last.iteration < 4000 && last.iteration - network.best!.iteration == 40)
    }

    @Test func tooFewRowsAreRefused() {
        let short = Self.sines(1, rows: 60, seed: 6)
        #expect(
            throws: TrainingError(
                description:
                    "expected a series with 40 values in a row (window 36, horizon 4) among the rows to "
                    + "validate on, found none: name other rows, take a shorter window or horizon, or a longer history"
            )
        ) { try Trainer(short, options: Self.options()) }
        var large = Self.options()
        (large.hiddenSize, large.window, large.layerCount) = (1024, 10_000, 8)
        #expect(throws: TrainingError.self) { try Trainer(short, options: large) }
    }

    /// The rate and momentum of `torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, 10)`, printed by PyTorch.
    @Test func theCycleIsPyTorchs() {
        let cycle = OneCycle(highest: 1, iterations: 10)
        for (iteration, expected) in [
            0: (0.04, 0.95), 1: (0.52, 0.90), 2: (1.0, 0.85), 9: (4e-6, 0.95),
        ] {
            let (rate, momentum) = cycle.values(at: iteration)
            #expect(abs(rate - expected.0) < 1e-12 && abs(momentum - expected.1) < 1e-12)
        }
    }
}
