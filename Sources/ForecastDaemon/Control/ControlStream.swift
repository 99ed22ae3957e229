// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A connection between the control socket and a command: lines, each read and written within limits.
struct ControlStream: ~Copyable {
    private let descriptor: Int32

    /// Takes over a connected socket.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The user at the other end; nil where the system does not say.
    var peer: uid_t? {
        // A struct ucred: process, user, group.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
        let status = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return status == 0 ? credentials[1] : nil
    }

    /// Reads a line of at most so many bytes; nil where none comes in time, or a longer one.
    func readLine(atMost byteCount: Int, within limit: Duration) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while line.count <= byteCount {
            guard wait(for: POLLIN, until: deadline) else { return nil }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            if let end = chunk[..<count].firstIndex(of: UInt8(ascii: "\n")) { return line + chunk[..<end] }
            line += chunk[..<count]
        }
        return nil
    }

    /// Writes a line, as far as the other end takes it in time; gives whether it took all.
    func write(line: String, within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            guard wait(for: POLLOUT, until: deadline) else { return false }
            let count = rest.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
                )
            }
            guard count > 0 || errno == EAGAIN || errno == EINTR else { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }

    private func wait(for event: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let rest = (deadline - .now) / .milliseconds(1)
            guard rest > 0 else { return false }
            let ready = poll(&item, 1, Int32(min(rest.rounded(.up), 1e9)))
            if ready > 0 { return true }
            if ready < 0 && errno != EINTR { return false }
        }
    }
}
