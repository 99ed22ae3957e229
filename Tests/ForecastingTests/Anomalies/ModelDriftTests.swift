// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import TestSupport
import Testing

struct ModelDriftTests {
    /// Blocks in which a model errs by `ratios` times as much as persistence, a little more or less.
    static func changes(
        _ ratios: [Double], season: Int = 0, unit: Double = 1, seed: UInt64 = 1
    ) -> (changes: [(block: Int, isDrifting: Bool)], state: DriftState) {
        let watch = ModelDrift(season: season)
        var (state, changes) = (DriftState(), [(Int, Bool)]())
        var generator = SeededGenerator(seed: seed)
        for (block, ratio) in ratios.enumerated() {
            for _ in 0..<watch.blockLength {
                let persistence = unit * .random(in: -1...1, using: &generator)
                let residual = ratio * unit * .random(in: -1...1, using: &generator)
                if let change = watch.learn(residual, persistence: persistence, &state) {
                    changes.append((block, change))
                }
            }
        }
        return (changes, state)
    }

    static func blocks(_ count: Int, _ ratio: Double) -> [Double] { Array(repeating: ratio, count: count) }

    @Test(arguments: [0, 24, 96, 250], [1e-6, 1, 1e9]) func aDriftBeginsOnceAndEndsOnce(
        season: Int, unit: Double
    ) {
        let ratios = Self.blocks(20, 0.6) + Self.blocks(30, 1.2) + Self.blocks(10, 0.6)
        let (changes, state) = Self.changes(ratios, season: season, unit: unit)
        #expect(changes.map(\.block) == [22, 52] && changes.map(\.isDrifting) == [true, false])
        #expect(!state.isDrifting)
    }

    @Test func whatLastsForTwoBlocksIsNoDrift() {
        let ratios = Self.blocks(20, 0.6) + Self.blocks(2, 3) + Self.blocks(20, 0.6) + Self.blocks(2, 3)
        #expect(Self.changes(ratios + [0.6]).changes.isEmpty)
    }

    @Test func whatIsNotMuchWorseIsNoDrift() {
        #expect(Self.changes(Self.blocks(20, 0.6) + Self.blocks(50, 0.66)).changes.isEmpty)
        #expect(Self.changes(Self.blocks(20, 0.6) + Self.blocks(50, 0.1)).changes.isEmpty)
    }

    /// The band is that of the blocks so far, a wide one where they differ much.
    @Test func theBandIsTheMeanAndFourDeviationsOfTheBlocks() throws {
        let ratios = (0..<40).map { $0 % 2 == 0 ? 0.4 : 0.9 }
        let (changes, state) = Self.changes(ratios)
        #expect(changes.isEmpty)
        let logs = ratios.map { log($0) }
        let mean = logs.reduce(0, +) / 40
        let deviation = (logs.reduce(0) { $0 + pow($1 - mean, 2) } / 40).squareRoot()
        let edge = try #require(ModelDrift(season: 0).edge(of: state))
        #expect(abs(edge - mean - 4 * deviation) < 0.1, "\(edge)")
    }

    @Test func nothingIsSaidBeforeTenBlocks() {
        #expect(Self.changes(Self.blocks(5, 0.6) + Self.blocks(5, 3)).changes.isEmpty)
    }

    @Test func aStreamThatStandsStillSaysNothingOfItsModel() {
        let watch = ModelDrift(season: 0)
        var state = DriftState()
        for _ in 0..<100_000 { #expect(watch.learn(1, persistence: 0, &state) == nil) }
        #expect(watch.edge(of: state) == nil)
    }
}
