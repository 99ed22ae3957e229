// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import Testing

/// Files of state that belong to no journal.
struct SnapshotExportTests {
    typealias Export = SnapshotExport<SimulatedDisk>

    static func written() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Export.begin("streams", on: disk, identity: 7)
        for count in 1...3 { try writer.write([UInt8](repeating: 5, count: count).span.bytes) }
        try writer.finish(as: "streams")
        return disk
    }

    @Test func whatWasWrittenIsRead() throws {
        let disk = try Self.written()
        #expect(disk.names == ["streams"])
        guard case .whole(var reader) = try Export.open("streams", on: disk) else {
            Issue.record("not whole")
            return
        }
        var counts: [Int] = []
        while try reader.next() { counts.append(reader.chunk.byteCount) }
        #expect(counts == [1, 2, 3])
    }

    @Test func eachBitThatIsTurnedIsFound() throws {
        let disk = try Self.written()
        try DamageTests.turnBits(of: "streams", on: disk) { place in
            guard case .damaged = try Export.open("streams", on: disk) else {
                Issue.record("byte \(place)")
                return
            }
        }
    }

    @Test func whatIsGivenUpLeavesNothing() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer: SnapshotWriter? = try Export.begin("streams", on: disk, identity: 7)
        try writer?.write([5].span.bytes)
        #expect(disk.names == ["streams.part"])
        writer = nil
        #expect(disk.names == [])
    }

    @Test func snapshotsAndExportsAreNotTakenForEachOther() throws {
        let disk = try Self.written()
        try disk.rename("streams", to: "snapshot-0000000000000001")
        #expect(throws: StoreError.self) { try SnapshotStore.search(disk) }
        let snapshots = try DamageTests.snapshots()
        let name = try #require(snapshots.names.first { $0.hasPrefix("snapshot-") })
        #expect(throws: StoreError.foreign(file: name)) { try Export.open(name, on: snapshots) }
    }

    @Test func anOlderSnapshotIsFound() throws {
        let disk = try DamageTests.snapshots()
        #expect(try SnapshotStore.search(disk).newest?.sequence == 29)
        #expect(try SnapshotStore.search(disk, before: 29).newest?.sequence == 15)
        #expect(try SnapshotStore.search(disk, before: 15).newest == nil)
        var recovery = try Recovery(
            disk, options: StoredHistory.options, identity: 1, before: 29)
        var sequences: [UInt64] = []
        while try recovery.next() == .record { sequences.append(recovery.sequence) }
        #expect(sequences == Array(16...40))
    }
}
