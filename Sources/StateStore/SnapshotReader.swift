// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The chunks of a snapshot, in order.
package struct SnapshotReader<D: Disk> {
    let header: SnapshotHeader
    /// The file's name, and its size.
    package let name: String
    package let byteCount: Int
    private var window: FileWindow<D.File>
    private let checksum = Checksum.best
    private var offset = SnapshotFormat.headerSize
    private var chunkCount: UInt64 = 0
    private var current = UnsafeRawBufferPointer(start: nil, count: 0)

    /// - Parameter isExport: Whether it belongs to no journal, and so may have any name.
    init(_ file: D.File, isExport: Bool = false) throws(SnapshotProblem) {
        name = file.name
        do throws(StoreError) {
            window = try FileWindow(file, FileWindowMemory(capacity: 1 << 20))
        } catch { throw .store(error) }
        let start = try Self.bytes(&window, at: 0, count: SnapshotFormat.headerSize)
        header = try SnapshotHeader.read(start, ofFile: name, isExport: isExport, checksum)
        byteCount = window.size
    }

    /// Looks through all bytes of a file first.
    static func whole(_ file: D.File, isExport: Bool = false) throws(SnapshotProblem) -> SnapshotReader {
        var reader = try SnapshotReader(file, isExport: isExport)
        while try reader.advance() {}
        return try SnapshotReader(file, isExport: isExport)
    }

    /// The record up to which the journal is contained.
    package var sequence: UInt64 { header.sequence }

    /// The bytes of the chunk that `next` gave, until it is called again.
    package var chunk: RawSpan {
        @_lifetime(borrow self) get {
            _overrideLifetime(RawSpan(_unsafeBytes: current), borrowing: self)
        }
    }

    /// Goes on to the next chunk, and says whether there is one.
    ///
    /// A snapshot is looked through before it is given out, so that this fails only if the disk does.
    package mutating func next() throws(StoreError) -> Bool {
        do throws(SnapshotProblem) { return try advance() } catch {
            switch error {
            case .store(let error): throw error
            case .damaged: throw .disk(.failed(.read, path: name, code: 5))
            }
        }
    }

    /// Goes on to the next chunk, and says whether there is one; at the end, looks whether it is one.
    mutating func advance() throws(SnapshotProblem) -> Bool {
        let headerSize = SnapshotFormat.chunkHeaderSize
        let start = try Self.bytes(&window, at: offset, count: headerSize)
        guard let count = start.map({ Int($0.load(UInt32.self, at: 4)) }) else {
            throw .damaged("it ends before chunk \(chunkCount)")
        }
        let size = count == 0 ? SnapshotFormat.footerSize : headerSize + count
        guard count <= SnapshotFormat.maximumChunk,
            let bytes = try Self.bytes(&window, at: offset, count: size),
            bytes.load(UInt32.self, at: 0)
                == checksum(
                    UnsafeRawBufferPointer(rebasing: bytes[4...]),
                    after: header.seed(ofChunk: chunkCount, checksum))
        else { throw .damaged("chunk \(chunkCount), at byte \(offset), is destroyed") }
        offset += size
        if count == 0 {
            guard bytes.load(UInt64.self, at: 8) == chunkCount, offset == window.size else {
                throw .damaged("it does not end where it should, at byte \(offset)")
            }
            return false
        }
        current = UnsafeRawBufferPointer(rebasing: bytes[headerSize...])
        chunkCount += 1
        return true
    }

    private static func bytes(
        _ window: inout FileWindow<D.File>, at offset: Int, count: Int
    ) throws(SnapshotProblem) -> UnsafeRawBufferPointer? {
        do throws(StoreError) { return try window.bytes(at: offset, count: count) } catch {
            throw .store(error)
        }
    }
}
