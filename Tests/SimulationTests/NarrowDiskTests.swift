// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import TestSupport
import Testing

/// A disk with room for two snapshots and some journal, and not for a third.
struct NarrowDiskTests {
    @Test(arguments: StatePlan.Durability.allCases)
    func snapshotsGoOn(durability: StatePlan.Durability) throws {
        let simulation = DaemonSimulation(seed: 5, scene: try DaemonScene(), durability: durability)
        try simulation.liveUndisturbed(turns: 60)
        let disk = simulation.disk
        let snapshots = disk.names.filter { $0.hasPrefix("snapshot-") }.map { disk[$0].count }
        #expect(snapshots.count == 2)
        // What is given up first does not make the room either.
        let needed = disk.usedBytes - DaemonSimulation.ballastSize
        disk.faults.capacity = needed + snapshots.max()! / 2
        try simulation.liveUndisturbed(turns: 400)
        let status = try #require(simulation.link?.status)
        #expect(simulation.counts.onlyNewest > 3)
        #expect(status.snapshots > 10 && !status.isFull)
        // What is there is what an engine knows that never stopped.
        try simulation.recover()
    }
}
