// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Thousands of histories of crashes, power cuts, full and broken disks, each from one seed.
///
/// `SEEDS=100000` runs as many, `SEEDS=42-42` the one that a failure named.
struct StoreSimulationTests {
    static let seeds: ClosedRange<UInt64> = {
        let numbers = (ProcessInfo.processInfo.environment["SEEDS"] ?? "3000").split(separator: "-").map {
            UInt64($0)!
        }
        return numbers.count == 2 ? numbers[0]...numbers[1] : 1...numbers[0]
    }()

    @Test func nothingDurableIsLostAndNothingIsAppliedTwice() {
        var sum = StoreSimulation.Counts()
        for seed in Self.seeds {
            let simulation = StoreSimulation(seed: seed)
            if let violation = simulation.run() {
                Issue.record("SEEDS=\(seed)-\(seed): \(violation)")
                return
            }
            sum.add(simulation.counts)
        }
        print("simulated: \(sum)")
        guard Self.seeds.count >= 1000 else { return }
        #expect(sum.leastCount > Self.seeds.count / 20, "what was to be tested came about too seldom: \(sum)")
    }

    /// A simulation that finds nothing proves nothing.
    @Test(arguments: SimulatedDisk.Omission.allCases)
    func findsWhatIsNotSynchronisedOrCut(omission: SimulatedDisk.Omission) {
        let first = (1...3000).first { StoreSimulation(seed: $0, omission: omission).run() != nil }
        #expect(first != nil)
    }

    @Test(arguments: StoreSimulation.Mistake.allCases)
    func findsMistakesInItsUse(mistake: StoreSimulation.Mistake) {
        let first = (1...3000).first { StoreSimulation(seed: $0, mistake: mistake).run() != nil }
        #expect(first != nil)
    }
}
