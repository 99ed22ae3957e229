// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One directory of files on a disk: all that the store knows of the outside.
///
/// Nothing that is done here is certain to outlast a power cut until it is synchronised: the bytes and the size of a file
/// by `DiskFile.synchronise`, what was created, renamed or removed by `synchroniseDirectory`.
package protocol Disk: Sendable {
    associatedtype File: DiskFile

    /// Makes a file that is empty, in place of one that has its name.
    func create(_ name: String) throws(DiskError) -> File
    /// Opens a file that exists, to be read and written.
    func open(_ name: String) throws(DiskError) -> File
    /// The names of all files, in no order.
    func list() throws(DiskError) -> [String]
    /// Gives a file another name, in place of a file that has it.
    func rename(_ name: String, to newName: String) throws(DiskError)
    func remove(_ name: String) throws(DiskError)
    func synchroniseDirectory() throws(DiskError)
}

/// A file that is open.
///
/// It is closed with its last reference; several threads may use it at once.
package protocol DiskFile: AnyObject, Sendable {
    var name: String { get }
    /// Writes bytes at `offset`, or the first few of them, and says how many.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) -> Int
    /// Reads bytes from `offset` on, at most as many as fit, none only at the file's end, and says how many.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskError) -> Int
    /// The file's size in bytes.
    func size() throws(DiskError) -> Int
    /// Takes up `size` bytes of room, which read as zeros where nothing was written.
    func preallocate(_ size: Int) throws(DiskError)
    /// Cuts the file off behind its first `size` bytes.
    func truncate(to size: Int) throws(DiskError)
    /// Returns when bytes and size would outlast a power cut.
    ///
    /// After it has failed once nothing is known of what was written before, even if another call succeeds: the kernel
    /// has dropped the mark that says what it still had to write. So this never fails with `DiskError.full`.
    func synchronise() throws(DiskError)
}

extension DiskFile {
    /// Writes all the bytes, in as many pieces as it takes.
    package func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) {
        var count = 0
        while count < bytes.count {
            count += try write(UnsafeRawBufferPointer(rebasing: bytes[count...]), at: offset + count)
        }
    }

    /// Fills the memory from `offset` on, as far as the file reaches, and says how many bytes that were.
    package func readAll(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskError) -> Int {
        var count = 0
        while count < bytes.count {
            let read = try self.read(
                into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]), at: offset + count)
            if read == 0 { break }
            count += read
        }
        return count
    }
}
