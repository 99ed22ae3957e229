// Part of forecastd. SPDX-License-Identifier: Apache-2.0

@testable import StateStore

/// A disk in memory, used by one thread.
final class MemoryDisk: Disk, @unchecked Sendable {
    final class File: DiskFile, @unchecked Sendable {
        fileprivate(set) var name: String
        fileprivate(set) var bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8] = []) { (self.name, self.bytes) = (name, bytes) }

        func write(_ source: UnsafeRawBufferPointer, at offset: Int) -> Int {
            preallocate(offset + source.count)
            bytes.replaceSubrange(offset..<offset + source.count, with: source)
            return source.count
        }

        func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
            let part = bytes.dropFirst(offset).prefix(target.count)
            target.copyBytes(from: part)
            return part.count
        }

        func size() -> Int { bytes.count }

        func preallocate(_ size: Int) { bytes += repeatElement(0, count: max(0, size - bytes.count)) }

        func truncate(to size: Int) { bytes = Array(bytes.prefix(size)) }

        func synchronise() {}
    }

    private var files: [String: File] = [:]

    /// The bytes of all files, by their names.
    var contents: [String: [UInt8]] {
        get { files.mapValues(\.bytes) }
        set { files = Dictionary(uniqueKeysWithValues: newValue.map { ($0, File($0, $1)) }) }
    }

    func create(_ name: String) -> File {
        let file = File(name)
        files[name] = file
        return file
    }

    func open(_ name: String) throws(DiskError) -> File {
        guard let file = files[name] else { throw .failed(.open, path: name, code: 2) }
        return file
    }

    func list() -> [String] { files.keys.sorted() }

    func rename(_ name: String, to newName: String) {
        files[newName] = files.removeValue(forKey: name)
        files[newName]?.name = newName
    }

    func remove(_ name: String) { files[name] = nil }

    func synchroniseDirectory() {}
}
