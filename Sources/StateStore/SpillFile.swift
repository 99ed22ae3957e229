// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A file of entries, each at a place that its owner chooses: the state of streams that are not in memory.
///
/// What lies in a place is overwritten by what is put there next. One thread puts and takes; another may synchronise.
package final class SpillFile<D: Disk>: Sendable {
    private let file: D.File
    private let identity: UInt64
    private let checksum = Checksum.best

    /// Bytes that every entry begins with: checksum, bytes behind the header, number, place.
    package static var headerSize: Int { 24 }
    /// The file's name.
    package static var name: String { "spill" }

    /// Opens the file on `disk`, or makes it.
    ///
    /// - Parameter identity: That of the journal beside it.
    package init(_ disk: D, identity: UInt64) throws(DiskError) {
        self.identity = identity
        if try disk.list().contains(Self.name) {
            file = try disk.open(Self.name)
        } else {
            file = try disk.create(Self.name)
            try disk.synchroniseDirectory()
        }
    }

    /// Puts an entry at a place, and fills its header, which is left open.
    ///
    /// - Parameter number: Tells the entry from all others that lay there.
    package func put(
        _ entry: UnsafeMutableRawBufferPointer, number: UInt64, at offset: Int
    ) throws(DiskError) {
        entry.store(UInt32(entry.count - Self.headerSize), at: 4)
        entry.store(number, at: 8)
        entry.store(UInt64(offset), at: 16)
        entry.store(sum(of: entry), at: 0)
        try file.writeAll(UnsafeRawBufferPointer(entry), at: offset)
    }

    /// Fills the memory with the entry of that size and number at a place; says whether it is there, and whole.
    package func take(
        into entry: UnsafeMutableRawBufferPointer, number: UInt64, at offset: Int
    ) throws(DiskError) -> Bool {
        guard try file.readAll(into: entry, at: offset) == entry.count else { return false }
        let found = UnsafeRawBufferPointer(entry)
        return found.load(UInt32.self, at: 4) == UInt32(entry.count - Self.headerSize)
            && found.load(UInt64.self, at: 8) == number && found.load(UInt64.self, at: 16) == UInt64(offset)
            && found.load(UInt32.self, at: 0) == sum(of: entry)
    }

    /// Returns when all that was put would outlast a power cut.
    package func synchronise() throws(DiskError) { try file.synchronise() }

    private func sum(of entry: UnsafeMutableRawBufferPointer) -> UInt32 {
        checksum(UnsafeRawBufferPointer(rebasing: entry[4...]), after: checksum(identity))
    }
}
