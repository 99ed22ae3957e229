// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Thousands of histories of crashes, power cuts, full and broken disks under a daemon's core, each from one seed.
///
/// `SEEDS=100000` runs as many, `SEEDS=42-42` the one that a failure named.
struct DaemonSimulationTests {
    static let seeds: ClosedRange<UInt64> = {
        let numbers = (ProcessInfo.processInfo.environment["SEEDS"] ?? "1000").split(separator: "-").map {
            UInt64($0)!
        }
        return numbers.count == 2 ? numbers[0]...numbers[1] : 1...numbers[0]
    }()

    @Test func aRestartedDaemonIsOneThatNeverStopped() throws {
        let scene = try DaemonScene()
        var sum = DaemonSimulation.Counts()
        for seed in Self.seeds {
            let simulation = DaemonSimulation(seed: seed, scene: scene)
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
    func findsWhatIsNotSynchronisedOrCut(omission: SimulatedDisk.Omission) throws {
        let scene = try DaemonScene()
        let first = (1...2000).first {
            DaemonSimulation(seed: $0, scene: scene, omission: omission).run() != nil
        }
        #expect(first != nil)
    }

    @Test(arguments: SimulatedProducers.Mistake.allCases)
    func findsMistakesWithProducers(mistake: SimulatedProducers.Mistake) throws {
        let scene = try DaemonScene()
        let first = (1...2000).first {
            DaemonSimulation(seed: $0, scene: scene, mistake: mistake).run() != nil
        }
        #expect(first != nil)
    }
}
