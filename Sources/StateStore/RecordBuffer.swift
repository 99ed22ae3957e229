// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Records of one segment that are on their way to its file.
struct RecordBuffer: ~Copyable {
    /// The number of the last record that was appended.
    private(set) var last: UInt64
    private let memory: UnsafeMutableRawBufferPointer
    private let checksum = Checksum.best
    /// How much of the memory is used, and how much of that the file has.
    private var (used, flushed) = (0, 0)
    /// Where in the file the first byte that it has not got belongs, and where the segment ends.
    private var (offset, limit) = (0, 0)
    private var seed: UInt32 = 0
    /// The last record that the file, or what is on its way there, says was durable.
    private var marked: UInt64 = 0

    /// A buffer that holds at least the longest record, for records behind number `last`.
    init(maximumPayload: Int, after last: UInt64) {
        self.last = last
        memory = .allocate(byteCount: JournalFormat.recordSize(maximumPayload), alignment: 64)
    }

    deinit { memory.deallocate() }

    /// Goes on in an empty segment of `size` bytes; `seed` is what checksums begin with.
    mutating func beginSegment(seed: UInt32, size: Int) {
        precondition(used == 0, "the records of one segment are written before the next is begun")
        (self.seed, offset, limit) = (seed, JournalFormat.headerSize, size)
    }

    /// Whether a record of `count` bytes has room in the segment.
    func segmentHasRoom(for count: Int) -> Bool {
        offset + used - flushed + JournalFormat.recordSize(count) <= limit
    }

    /// Appends a record, or a mark if it is empty, and says whether there was room for it, here and in the segment.
    @inline(__always)
    mutating func append(_ payload: UnsafeRawBufferPointer, durable: UInt64) -> Bool {
        let size = JournalFormat.recordSize(payload.count)
        guard used + size <= memory.count, segmentHasRoom(for: payload.count) else { return false }
        let record = UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + size])
        record.store(0 as UInt64, at: size - 8)  // the padding; what else stands there is written below
        if payload.count > 0 {
            (record.baseAddress! + JournalFormat.recordHeaderSize).copyMemory(
                from: payload.baseAddress!, byteCount: payload.count)
            last += 1
        }
        let header = RecordHeader(length: payload.count, sequence: last, durable: durable)
        header.write(to: record, seed: seed, checksum)
        marked = durable
        used += size
        return true
    }

    /// Whether it is news that record `durable` is durable.
    func isNews(_ durable: UInt64) -> Bool { durable > marked }

    /// Gives what was appended to the file; where that fails, the next call goes on at the same place.
    mutating func write<File: DiskFile>(to file: File) throws(DiskError) {
        while flushed < used {
            let count = try file.write(UnsafeRawBufferPointer(rebasing: memory[flushed..<used]), at: offset)
            flushed += count
            offset += count
        }
        (used, flushed) = (0, 0)
    }
}
