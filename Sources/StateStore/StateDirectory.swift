// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The directory that one daemon keeps all its state in, for as long as this lives.
package final class StateDirectory: Sendable {
    package let disk: LocalDisk
    /// Room on the disk for when it is full.
    package let ballast: Ballast<LocalDisk>
    /// Open, and so locked, as long as the directory is ours.
    private let lock: LocalFile

    /// Opens the directory at `path`, or makes it, and locks it.
    ///
    /// - Parameters:
    ///   - ballastSize: Bytes; 0 for no ballast.
    package init(path: String, ballastSize: Int) throws(StateDirectoryError) {
        let isNew = mkdir(path, 0o700) == 0
        if !isNew && errno != EEXIST { throw .disk(DiskError(.create, path)) }
        do throws(DiskError) {
            disk = try LocalDisk(path: path)
            if isNew { try LocalDisk(path: "\(path)/..").synchroniseDirectory() }
        } catch { throw .disk(error) }
        try Self.checkOwner(of: disk)
        lock = try Self.lock(disk)
        ballast = Ballast(disk, size: ballastSize)
    }

    /// The part of the directory that belongs to one pipeline.
    ///
    /// - Parameters:
    ///   - index: The pipeline's number, from 0.
    ///   - edition: Which of the sets of such parts, one of which counts.
    package func pipeline(_ index: Int, edition: Int = 0) throws(DiskError) -> LocalDisk {
        try disk.directory(Self.pipelineName(index, edition: edition))
    }

    package static func pipelineName(_ index: Int, edition: Int) -> String {
        edition == 0 ? "\(index)" : "\(edition)-\(index)"
    }

    private static func checkOwner(of disk: LocalDisk) throws(StateDirectoryError) {
        var status = stat()
        guard fstat(disk.descriptor, &status) == 0 else { throw .disk(DiskError(.measure, disk.path)) }
        guard status.st_uid == geteuid() else {
            throw .owner(path: disk.path, found: status.st_uid, expected: geteuid())
        }
        let mode = status.st_mode & 0o7777
        guard mode & 0o077 == 0 else { throw .mode(path: disk.path, found: mode) }
    }

    private static func lock(_ disk: LocalDisk) throws(StateDirectoryError) -> LocalFile {
        var holder: String?
        do throws(DiskError) {
            let file = try LocalFile("lock", in: disk, .create, flags: O_CREAT)
            if try file.lock() {
                try file.truncate(to: 0)
                try file.write(text: "\(getpid())")
                return file
            }
            holder = try file.text()
        } catch { throw .disk(error) }
        throw .held(path: disk.path, process: holder ?? "")
    }
}

extension LocalFile {
    /// Locks the file against other processes, and says whether none had.
    fileprivate func lock() throws(DiskError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw DiskError(.lock, path) }
        return false
    }

    fileprivate func write(text: String) throws(DiskError) {
        let bytes = Array(text.utf8)
        try bytes.span.withUnsafeBytes { bytes throws(DiskError) in try writeAll(bytes, at: 0) }
    }

    /// The beginning of the file as text.
    fileprivate func text() throws(DiskError) -> String {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        let count = try withUnsafeMutableBytes(of: &bytes) { bytes throws(DiskError) in
            try read(into: bytes, at: 0)
        }
        return String(decoding: (0..<count).map { bytes[$0] }, as: UTF8.self)
    }
}

/// Why a directory cannot be used for state.
package enum StateDirectoryError: Error, Equatable, CustomStringConvertible {
    case disk(DiskError)
    /// It belongs to another user.
    case owner(path: String, found: UInt32, expected: UInt32)
    /// Others may look into it.
    case mode(path: String, found: UInt32)
    /// Another process uses it.
    case held(path: String, process: String)

    package var description: String {
        switch self {
        case .disk(let error): "\(error)"
        case .owner(let path, let found, let expected):
            """
            \(path): expected a directory of user \(expected), whom this process runs as, found one of user \(found); \
            give it another owner or name another directory
            """
        case .mode(let path, let found):
            """
            \(path): expected a directory that is closed to other users, found mode \(String(found, radix: 8)); run \
            chmod 700 \(path)
            """
        case .held(let path, let process):
            """
            \(path): expected a directory that no other daemon uses, found that process \(process) does; stop it or name \
            another directory
            """
        }
    }
}
