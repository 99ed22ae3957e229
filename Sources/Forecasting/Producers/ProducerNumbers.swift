// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The number of the newest message of each producer that an engine was told of: part of its state, so that no message is
/// applied twice, whatever happens between.
///
/// Where there are too many producers, the one gives way of which nothing came for longest.
package struct ProducerNumbers: ~Copyable {
    private struct Row: BitwiseCopyable {
        var number: UInt64
        var time: Timestamp
    }

    private var keys: StreamTable
    private var rows: [Row]

    /// The most bytes of a producer's key: the input's name, `/`, the producer's id.
    package static let longestKey = 64 + 1 + longestIdentifier
    /// The most bytes of a producer's id.
    package static let longestIdentifier = 64

    /// Remembers at most `capacity` producers.
    package init(capacity: Int, seed: UInt64) {
        keys = StreamTable(capacity: capacity, longest: Self.longestKey, seed: seed)
        rows = [Row](
            repeating: Row(number: 0, time: Timestamp(nanoseconds: 0)), count: capacity)
    }

    /// The number of a producer's newest message; 0 if none has come.
    package func newest(of key: RawSpan) -> UInt64 { keys.slot(of: key).map { rows[Int($0)].number } ?? 0 }

    /// Takes in that a message was applied.
    package mutating func note(_ number: UInt64, of key: RawSpan, at now: Timestamp) {
        let row = Row(number: number, time: now)
        if let slot = keys.slot(of: key) {
            rows[Int(slot)] = row
        } else {
            if keys.count == keys.capacity { removeOldest() }
            rows[Int(keys.insert(key))] = row
        }
    }

    private mutating func removeOldest() {
        var oldest = 0
        for slot in rows.indices where rows[slot].time < rows[oldest].time { oldest = slot }
        keys.remove(UInt32(oldest))
    }

    /// Calls `body` with each producer's key, newest number and when it came.
    package func forEach(_ body: (RawSpan, UInt64, Timestamp) -> Void) {
        for slot in 0..<UInt32(keys.slotCount) where keys.isUsed(slot) {
            body(keys.identifier(of: slot), rows[Int(slot)].number, rows[Int(slot)].time)
        }
    }

    /// Writes all as a section: bytes of the key, key, number, time, of each.
    func save(to writer: inout StateWriter) {
        var section: [UInt8] = []
        forEach { key, number, time in
            section.append(UInt8(key.byteCount))
            key.withUnsafeBytes { section.append(contentsOf: $0) }
            withUnsafeBytes(of: number) { section.append(contentsOf: $0) }
            withUnsafeBytes(of: time.nanoseconds) { section.append(contentsOf: $0) }
        }
        writer.append(row: section)
    }

    /// Takes over what was saved; of several states, one after the other, the greatest numbers.
    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let section = try reader.readRow(of: UInt8.self, atMost: 1 << 30)
        var place = 0
        while place < section.count {
            let end = place + 1 + Int(section[place])
            guard end + 16 <= section.count, (1...Self.longestKey).contains(end - place - 1) else {
                throw StateError("expected a producer's id and number, found other bytes")
            }
            let bytes = section.span.bytes
            let key = bytes.extracting(place + 1..<end)
            let number = bytes.unsafeLoadUnaligned(fromByteOffset: end, as: UInt64.self)
            let time = bytes.unsafeLoadUnaligned(fromByteOffset: end + 8, as: Int64.self)
            if number > newest(of: key) { note(number, of: key, at: Timestamp(nanoseconds: time)) }
            place = end + 16
        }
    }
}
