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

    /// Who sent it: the public key that a client of a socket with an `Authenticator` has proved, else the network address;
    /// on this machine, the user by a number; "?" where nothing is known.
    ///
    /// Nothing that the other side says of itself counts. Valid until the message is filled again.
    public var sender: RawSpan {
        @_lifetime(borrow self)
        get {
            let known = property(Authenticator.keyProperty) ?? property("Peer-Address")
            let name = known ?? UnsafeRawPointer(Self.nobody.utf8Start)
            let length = known.map(Self.length) ?? Self.nobody.utf8CodeUnitCount
            return _overrideLifetime(RawSpan(_unsafeStart: name, byteCount: length), borrowing: self)
        }
    }

    private static var nobody: StaticString { "?" }

    /// The bytes of a name, without the process of a sender on this machine, as in `localhost:user:group:process`.
    private static func length(of name: UnsafeRawPointer) -> Int {
        let text = name.assumingMemoryBound(to: CChar.self)
        let colon = Int32(UInt8(ascii: ":"))
        guard strncmp(text, "localhost:", 10) == 0, let end = strrchr(text, colon) else {
            return strlen(text)
        }
        return UnsafeRawPointer(end) - name
    }

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
