// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A connection to an HTTP server on loopback, byte by byte.
package final class HTTPExchange: Sendable {
    /// What a server answered.
    package struct Answer: Sendable {
        /// The status; 0 where the connection was cut without an answer.
        package var status = 0
        /// The headers, their names in lower case.
        package var headers: [String: String] = [:]
        /// The body.
        package var body = ""
    }

    /// What was wrong with the connection itself.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let descriptor: Int32

    /// Connects.
    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = UInt16(port).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(description: "cannot connect to port \(port)") }
    }

    deinit { close(descriptor) }

    /// Sends bytes as they are; a server that has closed the connection is no failure.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Sends a text.
    package func send(_ text: String) { send(Array(text.utf8)) }

    /// The bytes that come next, none at the end; fails after 120 s.
    package func readSome() throws -> String {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, 120_000) > 0 else { throw Failure(description: "nothing within 120 s") }
        let count = recv(descriptor, &chunk, chunk.count, 0)
        return String(decoding: chunk[..<max(0, count)], as: UTF8.self)
    }

    /// All bytes until the server closes the connection; fails after 120 s.
    package func readToEnd() throws -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 120_000) > 0 else { throw Failure(description: "no end within 120 s") }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// The answer that ends with the connection.
    package func answer() throws -> Answer {
        let text = try readToEnd()
        var answer = Answer()
        guard let end = text.firstRange(of: "\r\n\r\n") else { return answer }
        var lines = text[..<end.lowerBound].split(separator: "\r\n")[...]
        answer.status =
            lines.popFirst().flatMap { $0.split(separator: " ").dropFirst().first }
            .flatMap { Int($0) } ?? 0
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = String(parts[parts.count - 1].drop { $0 == " " })
        }
        answer.body = String(text[end.upperBound...])
        return answer
    }

    /// Gets what is at `target`.
    package static func get(
        _ target: String, port: Int, method: String = "GET", host: String = "localhost", headers: String = ""
    ) throws -> Answer {
        let connection = try HTTPExchange(port: port)
        connection.send(
            "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(headers)Connection: close\r\n\r\n")
        return try connection.answer()
    }
}
