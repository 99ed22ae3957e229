// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file of this machine.
package final class LocalFile: DiskFile {
    package let name: String
    let path: String
    let descriptor: Int32

    init(
        _ name: String, in disk: LocalDisk, _ operation: DiskError.Operation, flags: Int32
    ) throws(DiskError) {
        (self.name, path) = (name, "\(disk.path)/\(name)")
        descriptor = openat(disk.descriptor, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        if descriptor < 0 { throw DiskError(operation, path) }
    }

    deinit { close(descriptor) }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) -> Int {
        let count = retryingInterrupts { pwrite(descriptor, bytes.baseAddress, bytes.count, offset) }
        guard count >= 0 else { throw DiskError(.write, path) }
        if count == 0 && !bytes.isEmpty { throw .full }
        return count
    }

    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskError) -> Int {
        let count = retryingInterrupts { pread(descriptor, bytes.baseAddress, bytes.count, offset) }
        guard count >= 0 else { throw DiskError(.read, path) }
        return count
    }

    package func size() throws(DiskError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DiskError(.measure, path) }
        return Int(status.st_size)
    }

    package func preallocate(_ size: Int) throws(DiskError) {
        // Unlike other calls it returns its error.
        let result = retryingInterrupts {
            errno = posix_fallocate(descriptor, 0, size)
            return errno == 0 ? 0 : -1
        }
        guard result == 0 else { throw DiskError(.preallocate, path) }
    }

    package func truncate(to size: Int) throws(DiskError) {
        guard retryingInterrupts({ Int(ftruncate(descriptor, size)) }) == 0 else {
            throw DiskError(.truncate, path)
        }
    }

    package func synchronise() throws(DiskError) {
        guard retryingInterrupts({ Int(fdatasync(descriptor)) }) == 0 else {
            throw DiskError(.synchronise, path)
        }
    }
}
