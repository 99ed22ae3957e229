// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import TestSupport
import Testing

/// Whatever happens to a file's bytes, what is read is right, or the error says what is not.
struct DamageTests {
    /// Two segments of records that are all durable, and a third that is empty.
    static func journal(_ count: UInt64 = 14) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...count)
        writer.stop()
        return disk
    }

    /// A journal of 40 records, a snapshot of its first 15 and one of its first 29.
    static func snapshots() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        var writer = try StoredHistory.resume(disk)
        let store = SnapshotStore(disk, identity: writer.synchroniser.identity)
        for last in [15, 29, 40] as [UInt64] {
            writer.append(writer.appended + 1...last)
            writer.stop()
            if last < 40 {
                var snapshot = try store.begin(through: last)
                for count in 1...3 {
                    try snapshot.write([UInt8](repeating: UInt8(last), count: count).span.bytes)
                }
                try snapshot.finish(durable: writer.durable)
            }
        }
        return disk
    }

    /// Calls `body` with one bit after the other of a file turned.
    static func turnBits(of name: String, on disk: SimulatedDisk, _ body: (Int) throws -> Void) rethrows {
        let bytes = disk[name]
        for place in bytes.indices {
            // All bits where something stands.
            for bit in bytes[place] != 0 ? 0..<8 : place % 8..<place % 8 + 1 {
                disk[name][place] ^= 1 << UInt8(bit)
                try body(place)
                disk[name][place] = bytes[place]
            }
        }
    }

    @Test func aJournalIsReadRightOrTheLossNamed() throws {
        let disk = try Self.journal()
        let whole = try StoredHistory.read(disk)
        #expect(whole.records.count == 14 && whole.ending == .end)
        var (lost, harmless): (Set<UInt64>, Int) = ([], 0)
        for name in disk.names {
            try Self.turnBits(of: name, on: disk) { place in
                let history = try StoredHistory.read(disk)
                guard case .damaged(let damage) = history.ending else {
                    harmless += 1
                    #expect(history.records == whole.records, "\(name), byte \(place)")
                    return
                }
                // A single record is lost, reading stops in front of it, and goes on behind it if that is accepted.
                let sequence = damage.sequences.lowerBound
                lost.insert(sequence)
                #expect(damage.sequences == sequence...sequence && damage.file == name)
                #expect(damage.offset <= place && place < damage.offset + 56, "\(damage), byte \(place)")
                #expect(history.records == whole.records.filter { $0.key < sequence })
                let rest = try StoredHistory.read(disk, acceptsLoss: true)
                #expect(rest.losses == [damage.sequences])
                #expect(rest.records == whole.records.filter { $0.key != sequence })
            }
        }
        #expect(lost == Set(1...14) && harmless > 1000)
    }

    @Test func aSnapshotThatIsDamagedIsReplacedByTheOneBefore() throws {
        let disk = try Self.snapshots()
        let newest = "snapshot-000000000000001d"
        let whole = try StoredHistory.read(disk)
        #expect(whole.snapshot == 29 && whole.chunks.map(\.count) == [1, 2, 3])
        #expect(whole.records.keys.sorted() == Array(30...40))
        try Self.turnBits(of: newest, on: disk) { place in
            let history = try StoredHistory.read(disk)
            #expect(history.snapshot == 15 && history.damagedSnapshots == [29], "byte \(place)")
            #expect(history.chunks == (1...3).map { [UInt8](repeating: 15, count: $0) })
            #expect(history.records.keys.sorted() == Array(16...40))
        }
        let bytes = disk[newest]
        for count in bytes.indices {
            disk[newest] = Array(bytes[..<count])
            #expect(try StoredHistory.read(disk).damagedSnapshots == [29], "\(count) bytes")
        }
        disk[newest] = bytes + [0]
        #expect(try StoredHistory.read(disk).damagedSnapshots == [29])
        disk[newest] = bytes
        try Self.turnBits(of: "snapshot-000000000000000f", on: disk) { _ in
            let history = try StoredHistory.read(disk)
            #expect(history == whole)
        }
        _ = try StoredHistory.resume(disk)
        #expect(disk.names.filter { $0.hasPrefix("snapshot") }.count == 2)
    }

    /// The journal that led to it, and that is not there any more, was durable.
    @Test func aSnapshotWithoutAReplacementIsALoss() throws {
        let disk = try Self.snapshots()
        let writer = try StoredHistory.resume(disk)
        try writer.synchroniser.trim(through: 29)
        for name in disk.names where name.hasPrefix("snapshot") { disk[name][50] ^= 1 }
        let history = try StoredHistory.read(disk)
        guard case .damaged(let damage) = history.ending else {
            Issue.record("\(history.ending)")
            return
        }
        #expect(damage.sequences.lowerBound == 1 && history.records.isEmpty)
        #expect(damage.sequences.upperBound <= 29, "\(damage)")
        let rest = try StoredHistory.read(disk, acceptsLoss: true)
        #expect(rest.records.keys.sorted() == Array(damage.sequences.upperBound + 1...40))
    }

    /// Nothing else says that there were records before: these were written before any was durable.
    @Test func aSnapshotThatIsMissingIsALoss() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...40)
        #expect(writer.synchroniser.synchronise() == .done)
        try SnapshotStore(disk, identity: writer.synchroniser.identity).begin(through: 30).finish(durable: 40)
        try writer.synchroniser.trim(through: 30)
        try disk.remove("snapshot-000000000000001e")
        guard case .damaged(let damage) = try StoredHistory.read(disk).ending else {
            Issue.record("expected damage")
            return
        }
        let rest = try StoredHistory.read(disk, acceptsLoss: true)
        #expect(damage.sequences.lowerBound == 1 && rest.losses == [damage.sequences])
        #expect(rest.records.keys.sorted() == Array(damage.sequences.upperBound + 1...40))
    }

    @Test func aSegmentThatIsMissingIsALoss() throws {
        let disk = try Self.journal(40)
        try disk.remove("journal-0000000000000002")
        guard case .damaged(let damage) = try StoredHistory.read(disk).ending else {
            Issue.record("expected damage")
            return
        }
        #expect(
            "\(damage)".contains("records \(damage.sequences.lowerBound) to \(damage.sequences.upperBound)"))
        var writer = try StoredHistory.resume(disk, acceptsLoss: true)
        #expect(writer.appended == 40)
        writer.append(41...42)
        writer.stop()
        let history = try StoredHistory.read(disk, acceptsLoss: true)
        #expect(history.losses == [damage.sequences] && history.records[42] != nil)
    }

    @Test func aForeignFileIsRefused() throws {
        let (disk, other) = (try Self.journal(), SimulatedDisk(seed: 1))
        var recovery = try Recovery(other, options: StoredHistory.options, identity: 99)
        _ = try recovery.next()
        _ = try recovery.resume()
        let name = "journal-0000000000000001"
        disk["journal-0000000000000007"] = other[name]
        #expect(throws: StoreError.foreign(file: "journal-0000000000000007")) { try StoredHistory.read(disk) }
        try disk.remove("journal-0000000000000007")
        disk[name] = other[name]
        #expect(throws: StoreError.foreign(file: "journal-0000000000000002")) { try StoredHistory.read(disk) }
        disk[name][2048] ^= 1
        disk[name][16] ^= 1
        #expect(throws: StoreError.damagedHeader(file: name)) { try StoredHistory.read(disk) }
    }
}
