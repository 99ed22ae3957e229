// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A snapshot on its way to the disk; it counts for nothing, and is removed, unless it is finished.
package struct SnapshotWriter<D: Disk>: ~Copyable {
    private let store: SnapshotStore<D>
    private let header: SnapshotHeader
    private let file: D.File
    private let temporaryName: String
    private let checksum = Checksum.best
    private var offset = SnapshotFormat.headerSize
    private var chunkCount: UInt64 = 0
    private var isFinished = false

    private init(
        _ store: SnapshotStore<D>, _ header: SnapshotHeader, _ file: D.File, temporaryName: String
    ) {
        (self.store, self.header, self.file, self.temporaryName) = (store, header, file, temporaryName)
    }

    /// Begins a file, which has another name until it is finished.
    static func begin(
        _ store: SnapshotStore<D>, _ header: SnapshotHeader, temporaryName: String
    ) throws(DiskError) -> SnapshotWriter {
        let file = try store.disk.create(temporaryName)
        let writer = SnapshotWriter(store, header, file, temporaryName: temporaryName)
        try write(SnapshotFormat.headerSize, to: file, at: 0) { header.write(to: $0, .best) }
        return writer
    }

    deinit {
        if !isFinished { try? store.disk.remove(temporaryName) }
    }

    /// Writes the next chunk, of 1 byte to 16 MiB.
    package mutating func write(_ chunk: RawSpan) throws(DiskError) {
        let count = chunk.byteCount
        precondition(
            (1...SnapshotFormat.maximumChunk).contains(count), "a chunk of a snapshot has 1 byte to 16 MiB")
        let size = UInt32(truncatingIfNeeded: count)
        var sum = header.seed(ofChunk: chunkCount, checksum)
        withUnsafeBytes(of: size.littleEndian) { sum = checksum($0, after: sum) }
        chunk.withUnsafeBytes { sum = checksum($0, after: sum) }
        try Self.write(SnapshotFormat.chunkHeaderSize, to: file, at: offset) {
            $0.store(sum, at: 0)
            $0.store(size, at: 4)
        }
        offset += SnapshotFormat.chunkHeaderSize
        try chunk.withUnsafeBytes { bytes throws(DiskError) in try file.writeAll(bytes, at: offset) }
        offset += count
        chunkCount += 1
    }

    /// Makes the snapshot durable and then the newest, and removes those older than the one before it.
    ///
    /// - Parameter durable: The last record of the journal that is durable. A snapshot must not get ahead of it: whoever
    ///   fell back to the snapshot before this one would find records missing.
    package consuming func finish(durable: UInt64) throws(DiskError) {
        precondition(durable >= header.sequence, "the journal is made durable before its snapshot")
        let store = store
        try finish(as: SnapshotFormat.name(ofSnapshot: header.sequence))
        _ = try store.removeAll(butNewest: 2)
    }

    /// Makes the file durable and gives it its name.
    package consuming func finish(as name: String) throws(DiskError) {
        let (seed, count) = (header.seed(ofChunk: chunkCount, checksum), chunkCount)
        try Self.write(SnapshotFormat.footerSize, to: file, at: offset) { [checksum] in
            $0.store(0 as UInt32, at: 4)
            $0.store(count, at: 8)
            $0.store(checksum(UnsafeRawBufferPointer(rebasing: $0[4...]), after: seed), at: 0)
        }
        try file.synchronise()
        try store.disk.rename(temporaryName, to: name)
        isFinished = true
        try store.disk.synchroniseDirectory()
    }

    /// Writes a few bytes that `fill` makes of zeros.
    static func write(
        _ count: Int, to file: D.File, at offset: Int, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(DiskError) {
        var bytes = InlineArray<5, UInt64>(repeating: 0)
        try withUnsafeMutableBytes(of: &bytes) { bytes throws(DiskError) in
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
            fill(part)
            try file.writeAll(UnsafeRawBufferPointer(part), at: offset)
        }
    }
}
