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

    private func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes {
            body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}
