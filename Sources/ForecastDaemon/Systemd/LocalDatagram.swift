// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where datagrams go on this machine: a path, or with @ before it a name that is in no directory.
struct LocalDatagram: Sendable {
    private let path: [UInt8]

    /// Nil for what is no path or name, or longer than the system's 108 bytes.
    init?(path: String) {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        self.path = bytes
    }

    /// What goes with a datagram to give the receiver a descriptor: cmsg(3), whose macros Swift does not see.
    private struct Rights {
        var header = cmsghdr()
        var descriptor: Int32
        private var padding: Int32 = 0

        init(_ descriptor: Int32) {
            self.descriptor = descriptor
            header.cmsg_len = MemoryLayout<cmsghdr>.size + MemoryLayout<Int32>.size
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = Int32(SCM_RIGHTS)
        }
    }

    /// Sends one datagram, with an open descriptor if there is one; false where it did not go out.
    ///
    /// A receiver that does not read is not waited for.
    @discardableResult
    func send(_ payload: [UInt8], descriptor given: Int32? = nil) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        var payload = payload
        var rights = Rights(given ?? -1)
        return withUnsafeMutableBytes(of: &address) { address in
            payload.withUnsafeMutableBytes { payload in
                withUnsafeMutableBytes(of: &rights) { rights in
                    var part = iovec(iov_base: payload.baseAddress, iov_len: payload.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var message = msghdr()
                        message.msg_name = address.baseAddress
                        message.msg_namelen = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        if given != nil {
                            message.msg_control = rights.baseAddress
                            message.msg_controllen = rights.count
                        }
                        return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) >= 0
                    }
                }
            }
        }
    }
}
