// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The real binary, run as a service manager would: it is up when it says READY on its notify socket.
final class DaemonProcess {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The folder of the sources.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The release binary beside the tests, or the one that FORECASTD_BINARY names.
    static let binary =
        ProcessInfo.processInfo.environment["FORECASTD_BINARY"].map { URL(filePath: $0) }
        ?? root.appending(path: ".build/release/forecastd")
    /// What a process that is started with no other variables is told besides, if it was built with a sanitizer.
    static let sanitizerOptions = ProcessInfo.processInfo.environment.filter {
        $0.key.hasSuffix("SAN_OPTIONS")
    }

    /// What it was started with, which a reload reads again.
    let configurationFile: URL
    private let process = Process()
    private let notifySocket: Int32
    private let log: URL

    /// Starts `forecastd run` with the configuration `yaml` in the folder `directory`, waits for READY.
    init(
        _ yaml: String, in directory: TemporaryDirectory, arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        let name = UUID().uuidString.prefix(8)
        let file = directory.url.appending(path: "\(name).yaml")
        configurationFile = file
        try yaml.write(to: file, atomically: false, encoding: .utf8)
        log = directory.url.appending(path: "\(name).log")
        try Data().write(to: log)
        let notifyPath = directory.url.appending(path: "\(name).notify").path
        notifySocket = try Self.listen(at: notifyPath)
        process.executableURL = Self.binary
        process.arguments = ["run", "--config", file.path] + arguments
        process.environment = ["NOTIFY_SOCKET": notifyPath, "PATH": "/usr/bin:/bin"]
            .merging(environment) { $1 }.merging(Self.sanitizerOptions) { $1 }
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        while true {
            let message = try nextNotification()
            if message.split(separator: "\n").contains("READY=1") { break }
        }
    }

    deinit {
        if process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
        close(notifySocket)
    }

    /// The process's number.
    var identifier: Int32 { process.processIdentifier }

    /// What the daemon has written to standard error so far.
    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// What /proc says of the daemon's memory under a name, as VmRSS, in bytes.
    func memory(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        guard
            let kibibytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropLast().last.flatMap({
                Int($0)
            })
        else { throw Failure(description: "no \(name) in \(text)") }
        return kibibytes << 10
    }

    /// Lets the daemon open no more descriptors than so many.
    func limitDescriptors(free: Int) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/fd")
        let taken = Set(names.compactMap { Int($0) })
        var (limit, left) = (0, free)
        while left > 0 || taken.contains(limit) {
            if !taken.contains(limit) { left -= 1 }
            limit += 1
        }
        let tool = try Process.run(
            URL(filePath: "/usr/bin/prlimit"),
            arguments: ["--pid", "\(identifier)", "--nofile=\(limit):\(limit)"])
        tool.waitUntilExit()
        guard tool.terminationStatus == 0 else { throw Failure(description: "prlimit failed") }
    }

    /// Sends a signal, waits for the end, gives the exit status.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Sends SIGHUP, and waits until the daemon says that the reload is over.
    func hangUp() throws {
        // Reloads that commands asked for have told of themselves too.
        _ = try notificationsInWaiting()
        kill(process.processIdentifier, SIGHUP)
        for message in ["RELOADING=1", "READY=1"] {
            while try !nextNotification().split(separator: "\n").contains(Substring(message)) {}
        }
    }

    /// The next message on the notify socket; fails when the daemon ends or none comes within 60 s.
    func nextNotification() throws -> String {
        for _ in 0..<600 {
            var poll = pollfd(fd: notifySocket, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 100) > 0 {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(notifySocket, &buffer, buffer.count, 0)
                return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            }
            guard process.isRunning else {
                throw Failure(description: "the daemon ended with \(process.terminationStatus): \(logText)")
            }
        }
        throw Failure(description: "nothing on the notify socket for 60 s: \(logText)")
    }

    /// The messages that wait on the notify socket; all to the end where the daemon has ended.
    func notificationsInWaiting() throws -> [String] {
        var messages: [String] = []
        var poll = pollfd(fd: notifySocket, events: Int16(POLLIN), revents: 0)
        while Glibc.poll(&poll, 1, 0) > 0 { messages.append(try nextNotification()) }
        return messages
    }

    private static func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Failure(description: "cannot bind \(path)") }
        return descriptor
    }

    /// Runs the binary to its end, or for 5 min: a daemon that was to refuse its start, and does not, ends with 124.
    static func run(
        _ arguments: [String], in directory: TemporaryDirectory, environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["300", binary.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = directory.url
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text, errorText)
    }
}

/// A folder that goes with its last reference.
///
/// Its path is short enough for a socket.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "fd-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
