// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import TestSupport
import Testing

/// What a journal promises while nothing is damaged.
struct JournalTests {
    @Test func recordsOfAnyLengthComeBack() throws {
        let disk = SimulatedDisk(seed: 1)
        let options = JournalOptions(segmentSize: 2 << 20)
        var writer = try StoredHistory.resume(disk, options: options)
        let lengths = [1, 7, 8, 9, 1000, 1 << 20, 1, (1 << 20) - 1, 500_000, 600_000, 700_000]
        for (index, length) in lengths.enumerated() {
            let record = [UInt8](repeating: UInt8(index), count: length)
            #expect(writer.append(record.span.bytes) == .done)
        }
        #expect(writer.appended == UInt64(lengths.count) && writer.written < writer.appended)
        #expect(writer.write() == .done)
        #expect(writer.written == writer.appended && writer.durable == 0)
        let history = try StoredHistory.read(disk)
        for (index, length) in lengths.enumerated() {
            #expect(history.records[UInt64(index + 1)] == [UInt8](repeating: UInt8(index), count: length))
        }
    }

    @Test func readsFromAnyRecordOn() throws {
        let disk = try DamageTests.journal(60)
        for first in 1...61 as ClosedRange<UInt64> {
            var reader = try JournalReader(disk, from: first)
            var sequences: [UInt64] = []
            while try reader.next() == .record { sequences.append(reader.sequence) }
            #expect(sequences == Array(first..<61))
            #expect(try reader.next() == .end)
        }
    }

    @Test func aFullDiskIsGoneOnWithWhereItStopped() throws {
        let disk = SimulatedDisk(seed: 5)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...3)
        disk.faults.capacity = 4700
        let record = [UInt8](repeating: 7, count: 100)
        var count: UInt64 = 3
        while writer.append(record.span.bytes) == .done { count += 1 }
        #expect(writer.append(record.span.bytes) == .full && writer.appended == count)
        #expect(writer.synchroniser.synchronise() == .full && writer.durable == writer.written)
        #expect(!disk.names.contains("journal.part"))
        disk.faults.capacity = .max
        #expect(writer.append(record.span.bytes) == .done && writer.appended == count + 1)
        #expect(writer.write() == .done && writer.synchroniser.synchronise() == .done)
        #expect(writer.durable == count + 1)
        #expect(try StoredHistory.read(disk).records.count == Int(count) + 1)
    }

    @Test func aJournalGoesOnOnceThereIsRoomForIt() throws {
        let disk = try DamageTests.journal(40)
        disk.faults.capacity = 5000
        var recovery = try Recovery(disk, options: StoredHistory.options, identity: 1)
        let history = try StoredHistory.read(&recovery)
        #expect(throws: StoreError.disk(.full)) { _ = try recovery.resume() }
        #expect(try StoredHistory.read(disk) == history)
        disk.faults.capacity = .max
        var writer = try recovery.resume()
        writer.append(41...41)
        #expect(try StoredHistory.read(disk).records.count == 41)
    }

    /// A file system without preallocation finds the disk full in the middle of a record.
    @Test func aRecordThatIsHalfWrittenIsWrittenOn() throws {
        let disk = SimulatedDisk(seed: 5)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...2)
        disk.faults.fullWrites = 60
        let record = [UInt8](repeating: 7, count: 100)
        #expect(writer.append(record.span.bytes) == .done && writer.write() == .full)
        #expect(writer.written == 2 && writer.write() == .full)
        #expect(try StoredHistory.read(disk).records.count == 2)
        disk.faults.fullWrites = nil
        #expect(writer.write() == .done && writer.written == 3)
        #expect(try StoredHistory.read(disk).records[3] == record)
    }

    @Test func aSynchronisationThatFailedIsNotTriedAgain() throws {
        let disk = SimulatedDisk(seed: 5)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...2)
        disk.faults.failures = 1000
        let outcome = writer.synchroniser.synchronise()
        guard case .failed(.failed(.synchronise, "journal-0000000000000001", 5)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        disk.faults.failures = 0
        #expect(writer.synchroniser.synchronise() == outcome && writer.durable == 0)
    }

    @Test func whatSnapshotsContainIsTrimmed() throws {
        let disk = SimulatedDisk(seed: 5)
        var writer = try StoredHistory.resume(disk)
        writer.append(1...100)
        writer.stop()
        let store = SnapshotStore(disk, identity: writer.synchroniser.identity)
        for sequence in [30, 50, 70] as [UInt64] {
            try writer.synchroniser.trim(through: store.superfluous())
            try store.begin(through: sequence).finish(durable: writer.durable)
        }
        let before = disk.names.count { $0.hasPrefix("journal") }
        try writer.synchroniser.trim(through: store.superfluous())
        #expect(disk.names.count { $0.hasPrefix("journal") } < before)
        #expect(disk.names.count { $0.hasPrefix("snapshot") } == 2)
        disk["snapshot-0000000000000046"][10] ^= 1
        #expect(try StoredHistory.read(disk).records.keys.sorted() == Array(51...100))
    }
}
