// Part of forecastd. SPDX-License-Identifier: Apache-2.0

@testable import StateStore

/// Files of the store, damaged: what is read is what was written, or the error says that something is not there.
enum Stores {
    private static let options = JournalOptions(segmentSize: 4096 + 600, maximumPayload: 400)

    private static func payload(of sequence: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(sequence), count: 20 + Int(sequence % 9))
    }

    /// The files of 16 records with a snapshot of the first 5 and one of the first 9, all durable.
    private static let whole: [String: [UInt8]] = {
        let disk = MemoryDisk()
        do {
            var recovery = try Recovery(disk, options: options, identity: 1)
            while try recovery.next() == .record {}
            var writer = try recovery.resume()
            for last in [5, 9, 16] as [UInt64] {
                for sequence in writer.appended + 1...last {
                    expect(writer.append(payload(of: sequence).span.bytes) == .done, "no room in memory")
                    expect(writer.write() == .done, "no room in memory")
                }
                expect(writer.synchroniser.synchronise() == .done, "memory fails")
                guard last < 16 else { break }
                var snapshot = try SnapshotStore(disk, identity: 1).begin(through: last)
                for count in 1...3 {
                    try snapshot.write([UInt8](repeating: UInt8(last), count: count).span.bytes)
                }
                try snapshot.finish(durable: last)
            }
        } catch { fatalError("\(error)") }
        return disk.contents
    }()

    /// Reads a disk; gives the snapshot that it begins with and the last record behind it, all of which are as written.
    private static func read(_ disk: MemoryDisk, acceptsLoss: Bool) throws(StoreError) -> (
        UInt64, JournalStep, UInt64
    ) {
        var recovery = try Recovery(disk, options: options, identity: 1, acceptsLoss: acceptsLoss)
        var first: UInt64 = 0
        if var snapshot = recovery.snapshot {
            first = snapshot.sequence
            var chunks: [[UInt8]] = []
            while try snapshot.next() { chunks.append(snapshot.chunk.withUnsafeBytes(Array.init)) }
            expect(
                chunks == (1...3).map { [UInt8](repeating: UInt8(first), count: $0) },
                "snapshot \(first): \(chunks)")
        }
        var last = first
        while true {
            let step = try recovery.next()
            guard step == .record else { return (first, step, last) }
            expect(recovery.sequence == last + 1 || acceptsLoss, "\(recovery.sequence) follows \(last)")
            expect(recovery.sequence > last, "\(recovery.sequence) follows \(last)")
            last = recovery.sequence
            let found = recovery.payload.withUnsafeBytes(Array.init)
            expect((1...16).contains(last) && found == payload(of: last), "record \(last) is \(found)")
        }
    }

    /// Files of the journal and its snapshots with some damage, one after the other.
    static func journal(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        let disk = MemoryDisk()
        disk.contents = whole
        for _ in 0..<choices.index(below: 3) + 1 {
            let names = disk.list()
            let name = names[choices.index(below: names.count)]
            let part = choices.part()
            switch choices.byte() % 8 {
            case 0: disk.contents[name] = nil
            case 1: disk.contents[name] = whole[names[choices.index(below: names.count)]]
            case 2: disk.contents[name] = part
            default:
                part.withUnsafeBytes {
                    var choices = Choices($0)
                    disk.contents[name] = Damage.apply(&choices, to: disk.contents[name] ?? [])
                }
            }
            if disk.contents.isEmpty { return }
        }
        let isWhole = disk.contents == whole
        guard let (first, step, last) = try? read(disk, acceptsLoss: false) else {
            return expect(!isWhole, "refused")
        }
        expect(
            !isWhole || (first == 9 && last == 16 && step == .end), "\(last) of 16 after \(first): \(step)")
        if case .damaged = step {
            _ = try? read(disk, acceptsLoss: true)
        } else if let recovery = try? goOn(disk) {
            expect(recovery == last, "gone on after \(recovery), not \(last)")
            guard let again = try? read(disk, acceptsLoss: false) else {
                return expect(false, "refused the second time")
            }
            expect(
                again.0 == first && again.2 == last && again.1 == .end,
                "another end the second time: \(again)")
        }
    }

    private static func goOn(_ disk: MemoryDisk) throws(StoreError) -> UInt64 {
        var recovery = try Recovery(disk, options: options, identity: 1)
        while try recovery.next() == .record {}
        return try recovery.resume().appended
    }

    /// An exported file with some damage, or of any bytes: its chunks are as written, or it is refused.
    static func snapshot(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        let disk = MemoryDisk()
        let chunks = (1...4).map { [UInt8](repeating: 5, count: $0 * $0) }
        do throws(DiskError) {
            var writer = try SnapshotExport.begin("streams", on: disk, identity: 7)
            for chunk in chunks { try writer.write(chunk.span.bytes) }
            try writer.finish(as: "streams")
        } catch { fatalError("\(error)") }
        let bytes = disk.contents["streams"] ?? []
        let isDamaged = choices.byte() & 1 == 1
        disk.contents["streams"] = isDamaged ? Damage.apply(&choices, to: bytes) : Array(choices.rest)
        guard case .whole(var reader)? = try? SnapshotExport.open("streams", on: disk) else { return }
        var found: [[UInt8]] = []
        while (try? reader.next()) == true { found.append(reader.chunk.withUnsafeBytes(Array.init)) }
        expect(!isDamaged || found == chunks, "\(found)")
    }

    /// A spill file with some damage: an entry is as it was put, or it is not there.
    static func spill(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        let disk = MemoryDisk()
        do throws(DiskError) {
            let file = try SpillFile(disk, identity: 7)
            for place in 0..<4 {
                try withEntry { entry throws(DiskError) in
                    try file.put(entry, number: UInt64(place) + 1, at: place * 64)
                }
            }
            let name = SpillFile<MemoryDisk>.name
            let number = UInt64(choices.byte() % 8)
            let offset = Int(choices.byte())
            disk.contents[name] = Damage.apply(&choices, to: disk.contents[name] ?? [])
            try withEntry { entry throws(DiskError) in
                entry.initializeMemory(as: UInt8.self, repeating: 0)
                guard try file.take(into: entry, number: number, at: offset) else { return }
                expect(offset == Int(number - 1) * 64, "entry \(number) at \(offset)")
                let header = SpillFile<MemoryDisk>.headerSize
                expect(entry[header...].allSatisfy { $0 == 9 }, "\(Array(entry))")
            }
        } catch { fatalError("\(error)") }
    }

    private static func withEntry(_ body: (UnsafeMutableRawBufferPointer) throws(DiskError) -> Void)
        throws(DiskError)
    {
        let entry = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { entry.deallocate() }
        entry.initializeMemory(as: UInt8.self, repeating: 9)
        try body(entry)
    }
}
