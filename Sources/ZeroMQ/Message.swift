// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// One frame as it was received.
///
/// One message is made once and filled again and again.
public struct Message: ~Copyable {
    // Apart from the value, because frames of up to 33 bytes lie inside `zmq_msg_t`: `bytes` points into it,
    // so it must not move when the value does.
    let content: UnsafeMutablePointer<zmq_msg_t>

    /// Makes an empty message.
    public init() {
        content = .allocate(capacity: 1)
        zmq_msg_init(content)
    }

    deinit {
        zmq_msg_close(content)
        content.deallocate()
    }

    /// The frame's length in bytes.
    public var byteCount: Int { zmq_msg_size(content) }

    /// The descriptor of the connection that the frame came over, which may be closed by now; nil where that is not known.
    public var descriptor: Int32? {
        let descriptor = zmq_msg_get(content, ZMQ_SRCFD)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Who sent it, as far as that is known: the public key that was proved (of clients of a socket with an `Authenticator`), else
    /// the network address, else, on this machine, no more than that.
    ///
    /// Valid until the message is filled again.
    public var sender: RawSpan {
        @_lifetime(borrow self)
        get {
            let known = property("User-Id") ?? property("Peer-Address")
            let name = known ?? UnsafeRawPointer(Self.nobody.utf8Start)
            let length = known.map { strlen($0.assumingMemoryBound(to: CChar.self)) }
            let span = RawSpan(_unsafeStart: name, byteCount: length ?? Self.nobody.utf8CodeUnitCount)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    private static var nobody: StaticString { "local" }

    /// What libzmq knows of where the frame came from, as a text that ends with 0; nil where it knows nothing.
    private func property(_ name: String) -> UnsafeRawPointer? {
        guard let text = zmq_msg_gets(content, name), text.pointee != 0 else { return nil }
        return UnsafeRawPointer(text)
    }

    /// Whether further frames of the same message follow, to be received next.
    public var hasMore: Bool { zmq_msg_more(content) == 1 }

    /// The frame's bytes, valid until the message is filled again.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = RawSpan(_unsafeStart: UnsafeRawPointer(zmq_msg_data(content)), byteCount: byteCount)
            return _overrideLifetime(span, borrowing: self)
        }
    }
}
