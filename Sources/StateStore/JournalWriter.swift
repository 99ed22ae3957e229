// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The end of a journal that records go in by, owned by one thread.
///
/// Records are numbered from 1 in the order in which they are appended. They are collected in a buffer, given to the
/// kernel together by `write`, and outlast a power cut once `JournalSynchroniser` says so.
package struct JournalWriter<D: Disk>: ~Copyable {
    /// What another thread makes durable by.
    package let synchroniser: JournalSynchroniser<D>
    private let options: JournalOptions
    private let progress: JournalProgress
    private var file: D.File
    private var buffer: RecordBuffer
    private var failure: DiskError?

    /// Goes on behind record `last`, in a segment of its own.
    init(_ synchroniser: JournalSynchroniser<D>, after last: UInt64) throws(DiskError) {
        self.synchroniser = synchroniser
        (options, progress) = (synchroniser.options, synchroniser.progress)
        buffer = RecordBuffer(maximumPayload: options.maximumPayload, after: last)
        let next = try synchroniser.nextSegment(first: last + 1)
        file = next.file
        buffer.beginSegment(seed: next.seed, size: options.segmentSize)
    }

    /// The most bytes of a record's payload.
    package var maximumPayload: Int { options.maximumPayload }

    /// The last record that was appended, 0 for none.
    package var appended: UInt64 { buffer.last }

    /// The last record that the kernel has, so that it outlasts the end of this process.
    package var written: UInt64 { progress.written }

    /// The last record that is certain to outlast a power cut.
    package var durable: UInt64 { progress.durable }

    /// Appends a record of 1 byte to `maximumPayload`; first writes what was appended before if there is no room for it.
    ///
    /// Unless the outcome is `.done`, nothing was appended, and the next record will have this one's number.
    package mutating func append(_ payload: RawSpan) -> JournalOutcome {
        let count = payload.byteCount
        precondition(count > 0, "a record of the journal has at least one byte")
        precondition(count <= options.maximumPayload, "a record is longer than the journal was made for")
        return payload.withUnsafeBytes { append($0) }
    }

    /// Appends a mark that says up to which record all are durable, if that is news.
    ///
    /// Each record carries such a mark, but whoever has nothing to append says it so. Without a mark behind it a record that
    /// is destroyed on the disk cannot be told from one that never got there. So whoever stops writes and synchronises,
    /// appends a mark, and writes and synchronises again.
    package mutating func mark() -> JournalOutcome {
        buffer.isNews(durable) ? append(UnsafeRawBufferPointer(start: nil, count: 0)) : .done
    }

    @inline(__always)
    private mutating func append(_ payload: UnsafeRawBufferPointer) -> JournalOutcome {
        if buffer.append(payload, durable: progress.durable) { return .done }
        let outcome = buffer.segmentHasRoom(for: payload.count) ? write() : beginSegment()
        guard case .done = outcome else { return outcome }
        let hasRoom = buffer.append(payload, durable: progress.durable)
        precondition(hasRoom, "a record has room in an empty buffer and an empty segment")
        return .done
    }

    /// Gives what was appended to the kernel.
    ///
    /// After `.full` another call goes on where this one stopped.
    package mutating func write() -> JournalOutcome {
        if let failure { return .failed(failure) }
        do throws(DiskError) { try buffer.write(to: file) } catch { return outcome(of: error) }
        progress.written = buffer.last
        return .done
    }

    /// Writes what was appended, and leaves the rest of the segment for an empty one.
    ///
    /// After `.full` this tells whether there is room again, for more than what fits behind the last record.
    package mutating func beginSegment() -> JournalOutcome {
        let outcome = write()
        guard case .done = outcome else { return outcome }
        do throws(DiskError) {
            let next = try synchroniser.nextSegment(first: appended + 1)
            file = next.file
            buffer.beginSegment(seed: next.seed, size: options.segmentSize)
            return .done
        } catch { return self.outcome(of: error) }
    }

    private mutating func outcome(of error: DiskError) -> JournalOutcome {
        if error == .full { return .full }
        failure = error
        return .failed(error)
    }
}
