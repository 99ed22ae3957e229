// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The bytes of a journal's segments; `Documentation/Durability.md` has them as tables.
enum JournalFormat {
    /// `fdjournl`, the first 8 bytes of a segment.
    static let magic = UInt64(littleEndianText: "fdjournl")
    static let version: UInt32 = 1
    /// The bytes in front of a segment's first record: a page of its own, which is never written again.
    static let headerSize = 4096
    /// Where the header's second copy stands.
    static let copyOffset = 2048
    static let recordHeaderSize = 24
    /// The most bytes of a record's payload.
    static let maximumPayload = 1 << 20
    /// The name of a segment that is not ready.
    static let temporaryName = "journal.part"

    /// The bytes that a record takes.
    @inline(__always)
    static func recordSize(_ payloadCount: Int) -> Int { (recordHeaderSize + payloadCount + 7) & ~7 }

    static func name(ofSegment ordinal: UInt64) -> String { FileName(prefix: "journal-", ordinal).text }

    static func ordinal(ofName name: String) -> UInt64? { FileName.number(of: name, prefix: "journal-") }
}

/// What stands at the beginning of a segment, twice.
struct SegmentHeader: Equatable {
    /// A random number, the same in all files of one journal.
    var identity: UInt64
    /// The segment's place among all, counted up with each one made.
    var ordinal: UInt64

    /// Bytes of one copy.
    static let size = 40

    /// What the checksums of the segment's records begin with, so that no other segment's records are taken for its own.
    func seed(_ checksum: Checksum) -> UInt32 { checksum(identity, ordinal) }

    /// Writes both copies into `JournalFormat.headerSize` zeros.
    func write(to bytes: UnsafeMutableRawBufferPointer, _ checksum: Checksum) {
        for start in [0, JournalFormat.copyOffset] {
            bytes.store(JournalFormat.magic, at: start)
            bytes.store(JournalFormat.version, at: start + 8)
            bytes.store(identity, at: start + 16)
            bytes.store(ordinal, at: start + 24)
            let covered = UnsafeRawBufferPointer(rebasing: bytes[start..<start + 32])
            bytes.store(checksum(covered), at: start + 32)
        }
    }

    enum Reading: Equatable {
        case header(SegmentHeader)
        case version(UInt32)
        case damaged
    }

    /// Reads the first copy, or else the second, in the first `JournalFormat.headerSize` bytes of a segment.
    static func read(_ bytes: UnsafeRawBufferPointer, _ checksum: Checksum) -> Reading {
        for start in [0, JournalFormat.copyOffset] {
            let covered = UnsafeRawBufferPointer(rebasing: bytes[start..<start + 32])
            guard bytes.load(UInt64.self, at: start) == JournalFormat.magic,
                bytes.load(UInt32.self, at: start + 32) == checksum(covered)
            else { continue }
            let version = bytes.load(UInt32.self, at: start + 8)
            guard version == JournalFormat.version else { return .version(version) }
            return .header(
                SegmentHeader(
                    identity: bytes.load(UInt64.self, at: start + 16),
                    ordinal: bytes.load(UInt64.self, at: start + 24)))
        }
        return .damaged
    }
}

/// What stands in front of a record's payload.
struct RecordHeader {
    /// Bytes of the payload; 0 for a mark, which is no record but says what was durable.
    var length: Int
    /// The record's number, from 1; a mark has that of the record before it.
    var sequence: UInt64
    /// The record up to which all were durable when this one was written.
    var durable: UInt64

    /// Writes the header in front of its payload, and the checksum of both in front of it.
    @inline(__always)
    func write(to bytes: UnsafeMutableRawBufferPointer, seed: UInt32, _ checksum: Checksum) {
        bytes.store(UInt32(truncatingIfNeeded: length), at: 4)
        bytes.store(sequence, at: 8)
        bytes.store(durable, at: 16)
        let covered = UnsafeRawBufferPointer(
            rebasing: bytes[4..<JournalFormat.recordHeaderSize + length])
        bytes.store(checksum(covered, after: seed), at: 0)
    }
}
