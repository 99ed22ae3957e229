// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The half of a journal that waits for the disk, on any thread but the writer's.
///
/// It makes durable what the writer has written, has the next segment ready before the writer needs it, and removes
/// segments that snapshots have made superfluous.
package final class JournalSynchroniser<D: Disk>: Sendable {
    /// Says which files belong together: a random number.
    package let identity: UInt64
    let options: JournalOptions
    private let disk: D
    let progress: JournalProgress
    private let segments: Mutex<Segments>
    private let preparation: Mutex<Preparation>
    /// Why synchronising failed once; held while it goes on, so that it goes on once at a time.
    private let failure = Mutex<DiskError?>(nil)

    private struct Segments {
        /// All, in order; the writer is in the last.
        var all: [JournalSegment]
        /// Those that were written since they were synchronised, in order; the writer is in the last.
        var unsynchronised: [D.File] = []
    }

    private struct Preparation {
        /// What the next segment will be.
        var ordinal: UInt64
        /// The next segment's file once it is ready.
        var file: D.File?
    }

    /// Goes on behind record `last`, which is durable with all before it, in segments from `ordinal` on.
    init(
        _ disk: D, identity: UInt64, options: JournalOptions, segments: [JournalSegment], ordinal: UInt64,
        after last: UInt64
    ) {
        (self.disk, self.identity, self.options) = (disk, identity, options)
        progress = JournalProgress(after: last)
        self.segments = Mutex(Segments(all: segments))
        preparation = Mutex(Preparation(ordinal: ordinal))
    }

    /// The last record that is certain to outlast a power cut.
    package var durable: UInt64 { progress.durable }

    /// The last record that the writer has written.
    package var written: UInt64 { progress.written }

    /// Makes durable what has been written so far, and then has the next segment ready.
    ///
    /// - Returns: `.full` if there is no room for the next segment; what was written is durable then as well. After
    ///   `.failed` each call fails, because to try again would prove nothing.
    package func synchronise() -> JournalOutcome {
        failure.withLock { failure in
            if let failure { return .failed(failure) }
            do throws(DiskError) {
                try synchroniseFiles()
                try preparation.withLock { preparation throws(DiskError) in try prepare(&preparation) }
                return .done
            } catch {
                if error == .full { return .full }
                failure = error
                return .failed(error)
            }
        }
    }

    private func synchroniseFiles() throws(DiskError) {
        // In this order: the writer says what it wrote only after it has named the file.
        let target = written
        let files = segments.withLock { $0.unsynchronised }
        for file in files { try file.synchronise() }
        segments.withLock { $0.unsynchronised.removeFirst(files.count - 1) }
        progress.durable = target
    }

    /// Removes the segments all of whose records come before or are record `sequence`.
    package func trim(through sequence: UInt64) throws(DiskError) {
        let superfluous = segments.withLock { segments in
            let kept = segments.all.lastIndex { $0.first <= sequence + 1 } ?? 0
            let removed = Array(segments.all[..<kept])
            segments.all.removeFirst(kept)
            return removed
        }
        for segment in superfluous { try disk.remove(JournalFormat.name(ofSegment: segment.ordinal)) }
    }

    /// The segment that the writer goes on in, whose first record will be number `first`.
    ///
    /// The writer waits here only if it filled a segment before the next one was ready.
    func nextSegment(first: UInt64) throws(DiskError) -> (file: D.File, seed: UInt32) {
        try preparation.withLock { preparation throws(DiskError) in
            try prepare(&preparation)
            guard let file = preparation.file else { preconditionFailure("a segment was just prepared") }
            let header = SegmentHeader(identity: identity, ordinal: preparation.ordinal)
            segments.withLock {
                $0.all.append(JournalSegment(ordinal: header.ordinal, first: first))
                $0.unsynchronised.append(file)
            }
            preparation = Preparation(ordinal: header.ordinal + 1)
            return (file, header.seed(.best))
        }
    }

    /// Makes the next segment, unless it is there: whole and durable before it gets its name.
    private func prepare(_ preparation: inout Preparation) throws(DiskError) {
        guard preparation.file == nil else { return }
        let header = SegmentHeader(identity: identity, ordinal: preparation.ordinal)
        let file = try disk.create(JournalFormat.temporaryName)
        do throws(DiskError) {
            try file.preallocate(options.segmentSize)
            try write(header, to: file)
        } catch {
            try disk.remove(JournalFormat.temporaryName)  // it may have taken up what room there was
            throw error
        }
        try disk.rename(JournalFormat.temporaryName, to: JournalFormat.name(ofSegment: header.ordinal))
        try disk.synchroniseDirectory()
        preparation.file = file
    }

    private func write(_ header: SegmentHeader, to file: D.File) throws(DiskError) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: JournalFormat.headerSize, alignment: 8)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        header.write(to: bytes, .best)
        try file.writeAll(UnsafeRawBufferPointer(bytes), at: 0)
        try file.synchronise()
    }
}

/// One file of a journal.
package struct JournalSegment: Sendable {
    /// Its place among all.
    var ordinal: UInt64
    /// The number of its first record; the greatest there is if that is not known.
    package var first: UInt64

    /// The file's name.
    package var name: String { JournalFormat.name(ofSegment: ordinal) }
}
