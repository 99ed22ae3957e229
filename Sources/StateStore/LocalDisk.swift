// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory of this machine.
package final class LocalDisk: Disk {
    /// The directory's path, for people.
    package let path: String
    let descriptor: Int32

    /// Opens the directory at `path`.
    package convenience init(path: String) throws(DiskError) {
        try self.init(path: path, below: AT_FDCWD, name: path, flags: 0)
    }

    /// Opens the directory `name` in this one; makes it, for its owner only, if it is missing.
    package func directory(_ name: String) throws(DiskError) -> LocalDisk {
        if mkdirat(descriptor, name, 0o700) == 0 {
            try synchroniseDirectory()
        } else if errno != EEXIST {
            throw DiskError(.create, "\(path)/\(name)")
        }
        return try LocalDisk(path: "\(path)/\(name)", below: descriptor, name: name, flags: O_NOFOLLOW)
    }

    private init(path: String, below: Int32, name: String, flags: Int32) throws(DiskError) {
        self.path = path
        descriptor = openat(below, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
        if descriptor < 0 { throw DiskError(.open, path) }
    }

    deinit { close(descriptor) }

    package func create(_ name: String) throws(DiskError) -> LocalFile {
        try LocalFile(name, in: self, .create, flags: O_CREAT | O_TRUNC)
    }

    package func open(_ name: String) throws(DiskError) -> LocalFile {
        try LocalFile(name, in: self, .open, flags: 0)
    }

    package func list() throws(DiskError) -> [String] {
        // Of its own: reading moves a descriptor's place.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = fdopendir(own) else { throw DiskError(.list, path) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw DiskError(.list, path) }
        return names
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        guard renameat(descriptor, name, descriptor, newName) == 0 else {
            throw DiskError(.rename, "\(path)/\(name)")
        }
    }

    package func remove(_ name: String) throws(DiskError) {
        guard unlinkat(descriptor, name, 0) == 0 else { throw DiskError(.remove, "\(path)/\(name)") }
    }

    /// Removes the directory `name` in this one with all its files, if it is there.
    package func removeDirectory(_ name: String) throws(DiskError) {
        guard try list().contains(name) else { return }
        let directory = try directory(name)
        for file in try directory.list() { try directory.remove(file) }
        guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else {
            throw DiskError(.remove, "\(path)/\(name)")
        }
    }

    package func synchroniseDirectory() throws(DiskError) {
        guard retryingInterrupts({ Int(fsync(descriptor)) }) == 0 else { throw DiskError(.synchronise, path) }
    }
}

/// Makes a system call again for as long as a signal interrupts it.
func retryingInterrupts(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
