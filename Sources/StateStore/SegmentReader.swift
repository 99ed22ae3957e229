// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The records of one segment, found by their checksums.
struct SegmentReader<File: DiskFile> {
    let file: File
    let header: SegmentHeader
    private var window: FileWindow<File>
    private let seed: UInt32
    private let checksum: Checksum

    /// A record or a mark that is whole.
    struct Record {
        var header: RecordHeader
        /// Valid until the reader is asked again.
        var payload: UnsafeRawBufferPointer
        /// Where it begins, and where the next one would.
        var (start, end): (Int, Int)

        var isMark: Bool { header.length == 0 }
    }

    /// Reads the header of the segment that has `name`.
    init(_ file: File, _ memory: FileWindowMemory) throws(StoreError) {
        let (name, checksum) = (file.name, Checksum.best)
        self.file = file
        window = try FileWindow(file, memory)
        let bytes = try window.bytes(at: 0, count: JournalFormat.headerSize)
        switch bytes.map({ SegmentHeader.read($0, checksum) }) ?? .damaged {
        case .header(let header):
            guard JournalFormat.name(ofSegment: header.ordinal) == name else { throw .foreign(file: name) }
            self.header = header
            (seed, self.checksum) = (header.seed(checksum), checksum)
        case .version(let version): throw .version(file: name, found: version)
        case .damaged: throw .damagedHeader(file: name)
        }
    }

    /// The segment's size in bytes.
    var size: Int { window.size }

    /// The record or mark that begins at `offset`; nil where none does.
    @inline(__always)
    mutating func record(at offset: Int) throws(StoreError) -> Record? {
        let headerSize = JournalFormat.recordHeaderSize
        guard let start = try window.bytes(at: offset, count: headerSize) else { return nil }
        let length = Int(start.load(UInt32.self, at: 4))
        guard length <= JournalFormat.maximumPayload else { return nil }
        let header = RecordHeader(
            length: length, sequence: start.load(UInt64.self, at: 8), durable: start.load(UInt64.self, at: 16)
        )
        guard header.sequence > 0, header.durable <= header.sequence,
            let bytes = try window.bytes(at: offset, count: headerSize + length),
            bytes.load(UInt32.self, at: 0)
                == checksum(UnsafeRawBufferPointer(rebasing: bytes[4...]), after: seed)
        else { return nil }
        return Record(
            header: header, payload: UnsafeRawBufferPointer(rebasing: bytes[headerSize...]),
            start: offset, end: offset + JournalFormat.recordSize(length))
    }

    /// The first record or mark that begins at `offset` or behind it.
    ///
    /// - Parameter rubbish: Receives, unless it has one, the place of the first bytes passed over that are not zeros.
    mutating func firstRecord(from offset: Int, rubbish: inout Int?) throws(StoreError) -> Record? {
        var offset = offset
        while let word = try window.bytes(at: offset, count: 8) {
            if word.load(UInt64.self, at: 0) != 0 {
                if let record = try record(at: offset) { return record }
                rubbish = rubbish ?? offset
            }
            offset += 8
        }
        return nil
    }
}
