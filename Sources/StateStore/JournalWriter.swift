// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The end of a journal that records go in by, owned by one thread.
///
/// Records are numbered from 1 in the order in which they are appended. They are collected in a buffer, given to the
/// kernel together by `write`, and outlast a power cut once `JournalSynchroniser` says so.
package struct JournalWriter<D: Disk>: ~Copyable {
    /// What another thread makes durable by.
    package let synchroniser: JournalSynchroniser<D>
    /// The last record that was appended, 0 for none.
    package private(set) var appended: UInt64
    /// The last record that the kernel has, so that it outlasts the end of this process.
    package private(set) var written: UInt64

    private let options: JournalOptions
    private let checksum = Checksum.best
    private var file: D.File
    private var seed: UInt32
    /// Where in the file the first byte of the buffer that it has not got belongs.
    private var offset = JournalFormat.headerSize
    private let buffer: UnsafeMutableRawBufferPointer
    /// How much of the buffer is used, and how much of that the file has.
    private var (used, flushed) = (0, 0)
    private var marked: UInt64
    private var failure: DiskError?

    /// Goes on behind record `last`, in a segment of its own.
    init(_ synchroniser: JournalSynchroniser<D>, after last: UInt64) throws(DiskError) {
        self.synchroniser = synchroniser
        options = synchroniser.options
        (appended, written, marked) = (last, last, 0)
        let next = try synchroniser.nextSegment(first: last + 1)
        (file, seed) = (next.file, next.seed)
        buffer = .allocate(
            byteCount: JournalFormat.recordSize(options.maximumPayload), alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// The last record that is certain to outlast a power cut.
    package var durable: UInt64 { synchroniser.durable }

    /// Appends a record of 1 byte to `maximumPayload`; first writes what was appended before if there is no room for it.
    ///
    /// Unless the outcome is `.done`, nothing was appended, and the next record will have this one's number.
    package mutating func append(_ payload: RawSpan) -> JournalOutcome {
        let count = payload.byteCount
        precondition(count > 0, "a record of the journal has at least one byte")
        precondition(count <= options.maximumPayload, "a record is longer than the journal was made for")
        let outcome = makeRoom(for: JournalFormat.recordSize(count))
        guard case .done = outcome else { return outcome }
        appended += 1
        payload.withUnsafeBytes { put($0) }
        return .done
    }

    /// Appends a mark that says up to which record all are durable, if that is news.
    ///
    /// Each record carries such a mark, but who stops, or has nothing to append, says it so. Without a mark behind it a
    /// record that is destroyed on the disk cannot be told from one that never got there.
    package mutating func mark() -> JournalOutcome {
        guard durable > marked else { return .done }
        let outcome = makeRoom(for: JournalFormat.recordHeaderSize)
        guard case .done = outcome else { return outcome }
        put(UnsafeRawBufferPointer(start: nil, count: 0))
        return .done
    }

    /// Gives what was appended to the kernel.
    ///
    /// After `.full` another call goes on where this one stopped.
    package mutating func write() -> JournalOutcome {
        if let failure { return .failed(failure) }
        while flushed < used {
            do throws(DiskError) {
                let count = try file.write(
                    UnsafeRawBufferPointer(rebasing: buffer[flushed..<used]), at: offset)
                flushed += count
                offset += count
            } catch { return outcome(of: error) }
        }
        (used, flushed) = (0, 0)
        written = appended
        synchroniser.publish(written: written)
        return .done
    }

    @inline(__always)
    private mutating func makeRoom(for size: Int) -> JournalOutcome {
        if offset + used - flushed + size > options.segmentSize { return beginSegment() }
        return used + size > buffer.count ? write() : .done
    }

    private mutating func beginSegment() -> JournalOutcome {
        let outcome = write()
        guard case .done = outcome else { return outcome }
        do throws(DiskError) {
            let next = try synchroniser.nextSegment(first: appended + 1)
            (file, seed, offset) = (next.file, next.seed, JournalFormat.headerSize)
            return .done
        } catch { return self.outcome(of: error) }
    }

    @inline(__always)
    private mutating func put(_ payload: UnsafeRawBufferPointer) {
        let size = JournalFormat.recordSize(payload.count)
        let record = UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + size])
        record.store(0 as UInt64, at: size - 8)  // the padding; what else stands there is written below
        if payload.count > 0 {
            (record.baseAddress! + JournalFormat.recordHeaderSize).copyMemory(
                from: payload.baseAddress!, byteCount: payload.count)
        }
        marked = durable
        let header = RecordHeader(length: payload.count, sequence: appended, durable: marked)
        header.write(to: record, seed: seed, checksum)
        used += size
    }

    private mutating func outcome(of error: DiskError) -> JournalOutcome {
        if error == .full { return .full }
        failure = error
        return .failed(error)
    }
}
