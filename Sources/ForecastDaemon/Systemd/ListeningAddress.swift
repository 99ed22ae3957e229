// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a TCP socket listens: an address in numbers and a port.
package struct ListeningAddress: Equatable, Sendable, CustomStringConvertible {
    /// A `sockaddr_in` or `sockaddr_in6`.
    private let bytes: [UInt8]

    /// Nil for a host that is no IPv4 or IPv6 address, such as a name.
    package init?(host: String, port: Int) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let entry = list?.pointee else {
            return nil
        }
        defer { freeaddrinfo(list) }
        bytes = Array(UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen)))
    }

    /// The address in an endpoint such as `tcp://127.0.0.1:5556`, where * is all of IPv6 and IPv4, or a URL of HTTP; nil where
    /// none is in it.
    package init?(endpoint: String) {
        let parts = endpoint.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, ["tcp", "http"].contains(parts[0]), let colon = parts[1].lastIndex(of: ":"),
            let port = UInt16(parts[1][parts[1].index(after: colon)...])
        else { return nil }
        let host = parts[1][..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        self.init(
            host: host == "*" ? "::" : String(isBracketed ? host.dropFirst().dropLast() : host),
            port: Int(port))
    }

    /// The address of an open descriptor; nil where that is no TCP socket that listens.
    package init?(of descriptor: Int32) {
        var (isListening, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening == 1
        else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0, [AF_INET, AF_INET6].contains(Int32(storage.ss_family)) else { return nil }
        bytes = withUnsafeBytes(of: storage) { Array($0.prefix(Int(length))) }
    }

    /// Address and port, as a configuration has them.
    package var description: String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        _ = withAddress {
            getnameinfo(
                $0, $1, &host, socklen_t(host.count), &port, socklen_t(port.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        let text = [host, port].map {
            String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return text[0].contains(":") ? "[\(text[0])]:\(text[1])" : text.joined(separator: ":")
    }

    /// Opens a socket that listens here; nil where the system refuses that.
    func listen() -> Int32? {
        let isIPv6 = bytes.count == MemoryLayout<sockaddr_in6>.size
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { return nil }
        var (yes, no) = (Int32(1), Int32(0))
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        if isIPv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, size) }
        guard withAddress({ bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, Self.backlog) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Who connects while nobody accepts: as many as the kernel takes at most (net.core.somaxconn).
    private static let backlog: Int32 = 4096

    private func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes {
            body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}
