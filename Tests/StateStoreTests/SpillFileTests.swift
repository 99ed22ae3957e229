// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore
import TestSupport
import Testing

/// Entries side by side in a file.
struct SpillFileTests {
    /// Memory for an entry, header included.
    static func withEntry<Result>(
        _ count: Int, filledWith byte: UInt8 = 0, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let entry = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { entry.deallocate() }
        entry.initializeMemory(as: UInt8.self, repeating: byte)
        return try body(entry)
    }

    static func put(_ file: SpillFile<SimulatedDisk>, _ byte: UInt8, number: UInt64, at place: Int) throws {
        try withEntry(200, filledWith: byte) { try file.put($0, number: number, at: place) }
    }

    /// The byte that an entry is filled with; nil where it is not there, or not whole.
    static func take(_ file: SpillFile<SimulatedDisk>, number: UInt64, at place: Int) throws -> UInt8? {
        try withEntry(200) { entry in
            guard try file.take(into: entry, number: number, at: place) else { return nil }
            let header = SpillFile<SimulatedDisk>.headerSize
            #expect(entry[header...].allSatisfy { $0 == entry[header] })
            return entry[header]
        }
    }

    @Test func anEntryIsTakenOnlyAsItWasPut() throws {
        let disk = SimulatedDisk(seed: 1)
        let file = try SpillFile(disk, identity: 7)
        try Self.put(file, 1, number: 1, at: 0)
        try Self.put(file, 2, number: 2, at: 4096)
        try Self.put(file, 3, number: 3, at: 0)
        #expect(try Self.take(file, number: 3, at: 0) == 3 && Self.take(file, number: 2, at: 4096) == 2)
        // The one before at its place, one at another place, one that is none, one of another journal.
        #expect(try Self.take(file, number: 1, at: 0) == nil && Self.take(file, number: 2, at: 0) == nil)
        #expect(try Self.take(file, number: 9, at: 8192) == nil)
        #expect(try Self.take(SpillFile(disk, identity: 8), number: 2, at: 4096) == nil)
        #expect(try Self.withEntry(150) { try file.take(into: $0, number: 2, at: 4096) } == false)
    }

    @Test func everyBitThatChangesIsFound() throws {
        let disk = SimulatedDisk(seed: 1)
        let file = try SpillFile(disk, identity: 7)
        try Self.put(file, 5, number: 1, at: 0)
        let bytes = disk[SpillFile<SimulatedDisk>.name]
        #expect(bytes.count == 200)
        for bit in 0..<8 * bytes.count {
            disk[SpillFile<SimulatedDisk>.name][bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try Self.take(SpillFile(disk, identity: 7), number: 1, at: 0) == nil, "bit \(bit)")
            disk[SpillFile<SimulatedDisk>.name] = bytes
        }
        #expect(try Self.take(SpillFile(disk, identity: 7), number: 1, at: 0) == 5)
    }

    /// What was synchronised is there after a power cut; what lies where it was put later is whole or is not taken.
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func whatWasSynchronisedOutlastsAPowerCut(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        disk.faults.shortWrites = 300
        var file = try SpillFile(disk, identity: 7)
        for place in 0..<4 as Range<UInt64> {
            try Self.put(file, UInt8(place), number: place + 1, at: Int(place) * 4096)
        }
        try file.synchronise()
        try Self.put(file, 77, number: 9, at: 4096)
        try Self.put(file, 78, number: 10, at: 5 * 4096)
        disk.cutPower()
        file = try SpillFile(disk, identity: 7)
        for place in [0, 2, 3] as [UInt64] {
            let byte = try Self.take(file, number: place + 1, at: Int(place) * 4096)
            #expect(byte == UInt8(place), "seed \(seed)")
        }
        #expect([0x4D, nil].contains(try Self.take(file, number: 9, at: 4096)), "seed \(seed)")
        #expect([0x4E, nil].contains(try Self.take(file, number: 10, at: 5 * 4096)), "seed \(seed)")
    }
}
