// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A file that holds nothing but room, to be given up when the disk is full, so that a last snapshot can be written.
package struct Ballast<D: Disk>: Sendable {
    private let disk: D
    private let size: Int
    private static var name: String { "ballast" }
    private static var temporaryName: String { "ballast.part" }

    /// - Parameter size: Bytes; 0 for none.
    package init(_ disk: D, size: Int) { (self.disk, self.size) = (disk, size) }

    /// Gives the room up.
    ///
    /// - Returns: Whether there was any.
    package func release() throws(DiskError) -> Bool {
        let names = try disk.list().filter { $0 == Self.name || $0 == Self.temporaryName }
        for name in names { try disk.remove(name) }
        return !names.isEmpty
    }

    /// Takes the room, unless it is taken, if there is twice as much; so what was given up is not taken back at once.
    ///
    /// - Returns: Whether the room is taken.
    package func take() throws(DiskError) -> Bool {
        guard size > 0 else { return false }
        if try disk.list().contains(Self.name) { return true }
        let file = try disk.create(Self.temporaryName)
        do throws(DiskError) { try file.preallocate(2 * size) } catch {
            try disk.remove(Self.temporaryName)
            if error == .full { return false }
            throw error
        }
        try file.truncate(to: size)
        try disk.rename(Self.temporaryName, to: Self.name)
        return true
    }
}
