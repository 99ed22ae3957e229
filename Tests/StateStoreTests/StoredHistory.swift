// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore

/// What was stored and is read back.
struct StoredHistory: Equatable {
    /// The chunks of the snapshot that was begun with, if there was one, and what it contained.
    var chunks: [[UInt8]] = []
    var snapshot: UInt64 = 0
    /// The records behind it.
    var records: [UInt64: [UInt8]] = [:]
    var ending = JournalStep.end
    var losses: [ClosedRange<UInt64>] = []
    var damagedSnapshots: [UInt64] = []

    static let options = JournalOptions(segmentSize: 4096 + 600, maximumPayload: 400)

    /// Reads what is on the disk, without changing it.
    static func read<D: Disk>(_ disk: D, acceptsLoss: Bool = false) throws(StoreError) -> StoredHistory {
        var recovery = try Recovery(disk, options: options, identity: 1, acceptsLoss: acceptsLoss)
        return try read(&recovery)
    }

    static func read<D: Disk>(_ recovery: inout Recovery<D>) throws(StoreError) -> StoredHistory {
        var history = StoredHistory()
        history.damagedSnapshots = recovery.damagedSnapshots.map(\.sequence)
        if var snapshot = recovery.snapshot {
            history.snapshot = snapshot.sequence
            while try snapshot.next() { history.chunks.append(snapshot.chunk.withUnsafeBytes { Array($0) }) }
        }
        while true {
            history.ending = try recovery.next()
            if history.ending != .record { break }
            history.records[recovery.sequence] = recovery.payload.withUnsafeBytes { Array($0) }
        }
        history.losses = recovery.losses.map(\.sequences)
        return history
    }

    /// Reads what is on the disk and goes on behind it.
    static func resume<D: Disk>(
        _ disk: D, options: JournalOptions = options, acceptsLoss: Bool = false
    ) throws(StoreError) -> JournalWriter<D> {
        var recovery = try Recovery(disk, options: options, identity: 1, acceptsLoss: acceptsLoss)
        while try recovery.next() == .record {}
        return try recovery.resume()
    }
}

extension JournalWriter {
    /// Appends records that follow from their numbers, and writes each at once.
    mutating func append(_ sequences: ClosedRange<UInt64>) {
        for sequence in sequences {
            let record = [UInt8](repeating: UInt8(sequence % 251), count: 20 + Int(sequence % 9))
            guard append(record.span.bytes) == .done, write() == .done else { return }
        }
    }

    /// Makes everything durable, with a mark behind it.
    mutating func stop() {
        guard write() == .done, synchroniser.synchronise() == .done else { return }
        guard mark() == .done, write() == .done else { return }
        _ = synchroniser.synchronise()
    }
}
