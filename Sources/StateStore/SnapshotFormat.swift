// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The bytes of a snapshot; `Documentation/Durability.md` has them as tables.
enum SnapshotFormat {
    /// `fdsnapsh`, the first 8 bytes.
    static let magic = UInt64(littleEndianText: "fdsnapsh")
    static let version: UInt32 = 1
    static let headerSize = 40
    static let chunkHeaderSize = 8
    /// The most bytes of a chunk.
    static let maximumChunk = 16 << 20
    static let footerSize = 16
    /// The name of a snapshot that is not whole.
    static let temporaryName = "snapshot.part"

    static func name(ofSnapshot sequence: UInt64) -> String { FileName(prefix: "snapshot-", sequence).text }

    static func sequence(ofName name: String) -> UInt64? { FileName.number(of: name, prefix: "snapshot-") }
}

/// What stands at the beginning of a snapshot.
struct SnapshotHeader: Equatable {
    /// That of the journal.
    var identity: UInt64
    /// The record up to which the journal is contained; 0 in an exported file, which belongs to no journal.
    var sequence: UInt64

    /// What the checksum of chunk number `index`, from 0, or of the footer behind the last, begins with.
    func seed(ofChunk index: UInt64, _ checksum: Checksum) -> UInt32 { checksum(identity, sequence, index) }

    func write(to bytes: UnsafeMutableRawBufferPointer, _ checksum: Checksum) {
        bytes.store(SnapshotFormat.magic, at: 0)
        bytes.store(SnapshotFormat.version, at: 8)
        bytes.store(identity, at: 16)
        bytes.store(sequence, at: 24)
        bytes.store(checksum(UnsafeRawBufferPointer(rebasing: bytes[..<36])), at: 36)
    }

    /// Reads the header from the first bytes of the file with `name`.
    static func read(
        _ bytes: UnsafeRawBufferPointer?, ofFile name: String, isExport: Bool, _ checksum: Checksum
    ) throws(SnapshotProblem) -> SnapshotHeader {
        guard let bytes else { throw .damaged("it ends within its header") }
        guard bytes.load(UInt64.self, at: 0) == SnapshotFormat.magic,
            bytes.load(UInt32.self, at: 36) == checksum(UnsafeRawBufferPointer(rebasing: bytes[..<36]))
        else { throw .damaged("its header is destroyed") }
        let version = bytes.load(UInt32.self, at: 8)
        guard version == SnapshotFormat.version else { throw .store(.version(file: name, found: version)) }
        let header = SnapshotHeader(
            identity: bytes.load(UInt64.self, at: 16), sequence: bytes.load(UInt64.self, at: 24))
        let expected = isExport ? name : SnapshotFormat.name(ofSnapshot: header.sequence)
        guard name == expected, isExport == (header.sequence == 0) else {
            throw .store(.foreign(file: name))
        }
        return header
    }
}

/// Why a snapshot cannot be used.
enum SnapshotProblem: Error {
    /// It is not whole: what was found, as the end of a sentence.
    case damaged(String)
    case store(StoreError)
}
