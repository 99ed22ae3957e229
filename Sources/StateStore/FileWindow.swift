// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A part of a file in memory, moved along as it is read.
struct FileWindow<File: DiskFile> {
    /// The file's size.
    let size: Int
    private let file: File
    private let memory: FileWindowMemory
    /// What stands in memory: `count` bytes from `start` on.
    private var (start, count) = (0, 0)

    init(_ file: File, _ memory: FileWindowMemory) throws(StoreError) {
        (self.file, self.memory) = (file, memory)
        size = try StoreError.wrapping { () throws(DiskError) in try file.size() }
    }

    /// `count` bytes from `offset` on, until the next call; nil where the file does not reach so far.
    @inline(__always)
    mutating func bytes(at offset: Int, count: Int) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard offset + count <= size else { return nil }
        if offset < start || offset + count > start + self.count {
            guard try load(offset, count) else { return nil }
        }
        return UnsafeRawBufferPointer(rebasing: memory.bytes[offset - start..<offset - start + count])
    }

    private mutating func load(_ offset: Int, _ count: Int) throws(StoreError) -> Bool {
        memory.reserve(count)
        start = offset
        self.count = 0
        let wanted = min(memory.bytes.count, size - offset)
        let target = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<wanted])
        self.count = try StoreError.wrapping { () throws(DiskError) in
            try file.readAll(into: target, at: offset)
        }
        return self.count >= count
    }
}

/// The memory of file windows, one after the other.
final class FileWindowMemory {
    private(set) var bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) { bytes = .allocate(byteCount: capacity, alignment: 64) }

    deinit { bytes.deallocate() }

    /// Makes it at least `capacity` bytes; what stood in it is lost then.
    func reserve(_ capacity: Int) {
        guard capacity > bytes.count else { return }
        bytes.deallocate()
        bytes = .allocate(byteCount: capacity, alignment: 64)
    }
}
