// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import StateStore
import TestSupport
import Testing

/// A daemon's files with any one bit changed: a start refuses, or finds what was there.
struct DamagedStateTests {
    @Test func noBitIsTakenForAnother() throws {
        let simulation = DaemonSimulation(seed: 11, scene: try DaemonScene(), durability: .interval)
        try simulation.liveUndisturbed(turns: 60)
        let disk = simulation.disk
        let files = Dictionary(uniqueKeysWithValues: disk.names.map { ($0, disk[$0]) })
        #expect(files.keys.count { $0.hasPrefix("snapshot-") } == 2)
        var (refused, found) = (0, 0)
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            // Behind its records a segment is all zeros.
            let end = bytes.lastIndex { $0 != 0 } ?? 0
            for place in stride(from: 0, through: end, by: bytes.count > 20_000 ? 211 : 3) {
                for extra in disk.names where files[extra] == nil { try disk.remove(extra) }
                for (other, content) in files { disk[other] = content }
                disk[name][place] ^= UInt8(1 << (place % 8))
                do throws(DaemonError) {
                    #expect(try simulation.recoverOnce(), "\(name), byte \(place)")
                    found += 1
                } catch {
                    #expect(error.status == .data, "\(name), byte \(place): \(error)")
                    refused += 1
                }
            }
        }
        #expect(found > 500 && refused > 100)
    }
}
