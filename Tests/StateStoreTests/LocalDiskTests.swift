// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import StateStore
import Testing

/// The store on real files.
struct LocalDiskTests {
    /// A folder that goes with its last reference.
    final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "fd-\(UUID().uuidString.prefix(8))")
            .path
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func setMode(_ mode: Int) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }

    static func directory(_ folder: Folder, ballast: Int = 0) throws -> StateDirectory {
        try StateDirectory(path: folder.path, ballastSize: ballast)
    }

    @Test func whatIsStoredComesBack() throws {
        let folder = Folder()
        var directory: StateDirectory? = try Self.directory(folder)
        let disk = try #require(try directory?.pipeline(0))
        var writer = try StoredHistory.resume(disk)
        writer.append(1...100)
        writer.stop()
        var snapshot = try SnapshotStore(disk, identity: writer.synchroniser.identity).begin(through: 60)
        try snapshot.write([UInt8](repeating: 9, count: 3 << 20).span.bytes)
        try snapshot.finish(durable: writer.durable)
        directory = nil
        directory = try Self.directory(folder)
        let again = try #require(try directory?.pipeline(0))
        let history = try StoredHistory.read(again)
        #expect(history.chunks == [[UInt8](repeating: 9, count: 3 << 20)] && history.ending == .end)
        #expect(history.records.keys.sorted() == Array(61...100))
        #expect(try StoredHistory.read(try #require(try directory?.pipeline(1))) == StoredHistory())
    }

    /// As a daemon has it: one thread appends, another makes durable.
    @Test func twoThreadsShareAJournal() throws {
        let folder = Folder()
        let disk = try Self.directory(folder).pipeline(0)
        let options = JournalOptions(segmentSize: 256 << 10, maximumPayload: 400)
        var writer = try StoredHistory.resume(disk, options: options)
        let (synchroniser, count, ended) = (writer.synchroniser, UInt64(60_000), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            var last: UInt64 = 0
            while last < count {
                let written = synchroniser.written
                guard synchroniser.synchronise() == .done, synchroniser.durable >= max(last, written) else {
                    break
                }
                last = synchroniser.durable
            }
            ended.signal()
        }
        writer.append(1...count)
        ended.wait()
        #expect(writer.durable == count)
        let history = try StoredHistory.read(disk)
        #expect(history.records.count == Int(count) && history.ending == .end)
    }

    @Test func aSecondDaemonIsRefused() throws {
        let folder = Folder()
        let directory = try Self.directory(folder)
        let held = StateDirectoryError.held(path: folder.path, process: "\(getpid())")
        #expect(throws: held) { try Self.directory(folder) }
        #expect("\(held)".contains("process \(getpid())"))
        let other = try Process.run(
            URL(filePath: "/usr/bin/flock"), arguments: ["-n", "\(folder.path)/lock", "true"])
        other.waitUntilExit()
        #expect(other.terminationStatus == 1)
        withExtendedLifetime(directory) {}
    }

    @Test(arguments: [0o750, 0o707, 0o755]) func aDirectoryThatIsOpenToOthersIsRefused(mode: Int) throws {
        let folder = Folder()
        _ = try Self.directory(folder)
        try folder.setMode(mode)
        let error = StateDirectoryError.mode(path: folder.path, found: UInt32(mode))
        #expect(throws: error) { try Self.directory(folder) }
        #expect("\(error)".contains("mode \(String(mode, radix: 8))") && "\(error)".contains("chmod 700"))
        try folder.setMode(0o700)
        _ = try Self.directory(folder)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func aDirectoryOfAnotherUserIsRefused() throws {
        let folder = Folder()
        _ = try Self.directory(folder)
        #expect(chown(folder.path, 65534, 65534) == 0)
        #expect(throws: StateDirectoryError.owner(path: folder.path, found: 65534, expected: 0)) {
            try Self.directory(folder)
        }
    }

    @Test func linksAreNotFollowed() throws {
        let folder = Folder()
        let disk = try Self.directory(folder).disk
        #expect(
            symlink("/etc/hostname", "\(folder.path)/file") == 0 && symlink("/tmp", "\(folder.path)/0") == 0)
        for open in [disk.open, disk.create] {
            #expect(throws: DiskError.self) { try open("file") }
        }
        #expect(throws: DiskError.failed(.open, path: "\(folder.path)/0", code: ENOTDIR)) {
            try disk.directory("0")
        }
    }

    @Test func errorsSayWhatAndWhere() throws {
        #expect(throws: DiskError.full) {
            let file = try LocalDisk(path: "/dev").open("full")
            _ = try [1].withUnsafeBytes { try file.write($0, at: 0) }
        }
        let error = #expect(throws: DiskError.self) { try LocalDisk(path: "/proc").open("none") }
        #expect(error?.description == "/proc/none: cannot open: No such file or directory")
    }

    /// On a file system of 1 MiB, where the journal takes all room, the ballast makes room for a snapshot.
    @Test(.enabled(if: geteuid() == 0, "only root can mount a file system"))
    func aFullDiskIsGoneOnWithOnceThereIsRoom() throws {
        let folder = Folder()
        _ = try Self.directory(folder)
        let mount = try Process.run(
            URL(filePath: "/usr/bin/mount"),
            arguments: ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder.path])
        mount.waitUntilExit()
        try #require(mount.terminationStatus == 0)
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        let directory = try Self.directory(folder, ballast: 128 << 10)
        #expect(try directory.ballast.take())
        let options = JournalOptions(segmentSize: 64 << 10, maximumPayload: 400)
        let pipeline = try directory.pipeline(0)
        var writer = try StoredHistory.resume(pipeline, options: options)
        let record = [UInt8](repeating: 1, count: 400)
        while writer.append(record.span.bytes) == .done { _ = writer.synchroniser.synchronise() }
        let last = writer.appended
        #expect(last > 1000 && writer.append(record.span.bytes) == .full)
        #expect(try directory.ballast.take(), "it is there")
        #expect(try directory.ballast.release())
        #expect(writer.append(record.span.bytes) == .done && writer.appended == last + 1)
        #expect(writer.write() == .done && writer.synchroniser.synchronise() == .done)
        #expect(try !directory.ballast.take(), "there is not twice as much room")
        let store = SnapshotStore(pipeline, identity: writer.synchroniser.identity)
        for sequence in [last, last + 1] {
            try store.begin(through: sequence).finish(durable: writer.durable)
        }
        try writer.synchroniser.trim(through: store.superfluous())
        #expect(try directory.ballast.take())
        #expect(try StoredHistory.read(pipeline).snapshot == last + 1)
    }
}
