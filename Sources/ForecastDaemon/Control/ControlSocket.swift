// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The Unix socket over which the daemon is told what changes it, by its own user or root.
///
/// A thread of its own takes one connection after the other: one request, one answer. Those that come meanwhile wait.
final class ControlSocket: Sendable {
    private let address: ControlAddress
    private let descriptor: Int32
    private let doorbell: Doorbell
    private let isClosed = Atomic<Bool>(false)

    /// The longest request, in bytes.
    static let maximumRequest = 64 << 10
    /// How long a request may take to come, and an answer to be taken.
    private static let requestTime = Duration.seconds(5)
    private static let answerTime = Duration.seconds(30)

    /// Makes a socket that does not listen yet.
    ///
    /// - Throws: A `DaemonError` where that cannot be.
    init(_ address: ControlAddress) throws(DaemonError) {
        self.address = address
        doorbell = try Doorbell()
        descriptor = address.makeSocket()
        guard descriptor >= 0 else { throw Self.failure(address, "make a socket") }
    }

    /// Listens at the address; what a daemon left there that was killed is removed.
    ///
    /// - Throws: A `DaemonError` where that cannot be.
    func listen() throws(DaemonError) {
        // The file gets the mode of the socket: it is closed to others from its first moment on.
        guard fchmod(descriptor, 0o600) == 0, try Self.bind(descriptor, to: address),
            Glibc.listen(descriptor, 16) == 0
        else { throw Self.failure(address, "listen") }
    }

    deinit { close(descriptor) }

    private static func bind(_ descriptor: Int32, to address: ControlAddress) throws(DaemonError) -> Bool {
        if address.with({ Glibc.bind(descriptor, $0, $1) }) == 0 { return true }
        var status = stat()
        guard errno == EADDRINUSE, lstat(address.path, &status) == 0 else { return false }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw DaemonError(
                .cannotCreate, "control.path: \(address.path) exists and is no socket: name another path")
        }
        let probe = address.makeSocket()
        guard probe >= 0 else { return false }
        defer { close(probe) }
        guard address.with({ connect(probe, $0, $1) }) != 0 else {
            throw DaemonError(
                .unavailable,
                "control.path: another daemon answers at \(address.path): give each daemon a path of its own")
        }
        unlink(address.path)
        return address.with { Glibc.bind(descriptor, $0, $1) } == 0
    }

    private static func failure(_ address: ControlAddress, _ action: String) -> DaemonError {
        let status: DaemonError.ExitStatus = errno == EACCES || errno == EROFS ? .permission : .cannotCreate
        return DaemonError(
            status,
            "control.path: cannot \(action) at \(address.path): \(String(cString: strerror(errno))); the directory must be "
                + "there, and the daemon's user must be able to write in it")
    }

    /// Starts the thread, which calls `deliver` with each request and sends what it is answered.
    func start(_ deliver: @escaping @Sendable (ControlExchange) -> Void) throws(DaemonError) {
        try PipelineThread.start(name: "control") { [self] in
            while !isClosed.load(ordering: .relaxed) {
                doorbell.arm()
                var items = [
                    pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: doorbell.descriptor, events: Int16(POLLIN), revents: 0),
                ]
                if !isClosed.load(ordering: .sequentiallyConsistent) { _ = poll(&items, 2, -1) }
                doorbell.disarm(isReadable: items[1].revents != 0)
                if items[0].revents != 0 { serve(deliver) }
            }
        }
    }

    private func serve(_ deliver: (ControlExchange) -> Void) {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        let stream = ControlStream(descriptor: connection)
        guard let peer = stream.peer, peer == geteuid() || peer == 0 else {
            let refusal = ControlAnswer(
                DaemonError(.permission, "only root and the daemon's own user may tell it what to do"))
            _ = stream.write(line: (try? refusal.jsonText()) ?? "", within: Self.requestTime)
            return
        }
        guard let line = stream.readLine(atMost: Self.maximumRequest, within: Self.requestTime) else {
            return
        }
        let exchange = ControlExchange(line, doorbell: doorbell)
        deliver(exchange)
        _ = stream.write(line: exchange.wait(), within: Self.answerTime)
    }

    /// Listens no more.
    func stop() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        unlink(address.path)
        doorbell.ring()
    }
}
