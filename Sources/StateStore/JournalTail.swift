// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The end of a journal that has been read, as it is brought in order before the journal goes on.
struct JournalTail<D: Disk> {
    private let disk: D
    private let segments: [JournalSegment]
    /// The place behind the last record.
    private let segmentIndex: Int
    private let offset: Int
    /// The last record that is known to have been durable.
    private let durable: UInt64
    /// The number of the last record.
    let last: UInt64

    init(_ disk: D, _ journal: JournalReader<D>) {
        self.disk = disk
        (segments, segmentIndex, offset) = (journal.segments, journal.segmentIndex, journal.offset)
        (durable, last) = (journal.durable, journal.expected - 1)
    }

    /// The segments that hold records that were read, or earlier ones.
    var kept: [JournalSegment] { Array(segments.prefix(segmentIndex + 1)) }

    /// What the next segment will be.
    var nextOrdinal: UInt64 { (segments.last?.ordinal ?? 0) + 1 }

    /// Writes what may not be durable once more, where it stands, and synchronises it.
    ///
    /// It was read, but that only means that the kernel has it. If the process before this one ended because the disk
    /// failed to synchronise, the kernel holds bytes that the disk does not have, and believes that it has them.
    func rewrite() throws(DiskError) {
        guard last > durable else { return }
        for index in kept.indices {
            let isDurable = index < segmentIndex && segments[index + 1].first <= durable + 1
            if !isDurable { try rewrite(index) }
        }
    }

    private func rewrite(_ index: Int) throws(DiskError) {
        let file = try disk.open(name(index))
        let end = index == segmentIndex ? offset : try file.size()
        let memory = FileWindowMemory(capacity: 1 << 20)
        var start = JournalFormat.headerSize
        while start < end {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: memory.bytes[..<min(memory.bytes.count, end - start)])
            let count = try file.readAll(into: part, at: start)
            try file.writeAll(UnsafeRawBufferPointer(rebasing: part[..<count]), at: start)
            start += part.count
        }
        try file.synchronise()
    }

    /// Cuts off what stands behind the last record in its segment.
    func cut() throws(DiskError) {
        guard !segments.isEmpty else { return }
        let file = try disk.open(name(segmentIndex))
        try file.truncate(to: offset)
        // Even if it had that size: a process that ended here may have cut it, but not for good.
        try file.synchronise()
    }

    /// The names of the segments behind it.
    var superfluous: [String] { segments.indices.dropFirst(segmentIndex + 1).map(name) }

    private func name(_ index: Int) -> String { JournalFormat.name(ofSegment: segments[index].ordinal) }
}
