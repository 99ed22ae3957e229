// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ

/// A key of CURVE (ZeroMQ RFC 26), public or secret: 32 bytes.
///
/// As text it is in Z85: 40 characters of `0-9 a-z A-Z . - : + = ^ ! / * ? & < > ( ) [ ] { } @ % $ #`.
public struct CurveKey: Sendable, Hashable {
    /// The number of bytes.
    public static let byteCount = 32
    /// The number of characters of the text.
    public static let textLength = 40

    private let storage: SIMD32<UInt8>

    /// Takes the bytes over; nil if they are not 32.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount == Self.byteCount else { return nil }
        storage = bytes.unsafeLoadUnaligned(as: SIMD32<UInt8>.self)
    }

    /// Reads a text; nil if it is no key.
    public init?(text: String) {
        guard text.utf8.count == Self.textLength else { return nil }
        var bytes = SIMD32<UInt8>()
        let isKey = withUnsafeMutableBytes(of: &bytes) {
            zmq_z85_decode($0.assumingMemoryBound(to: UInt8.self).baseAddress!, text) != nil
        }
        guard isKey else { return nil }
        storage = bytes
    }

    /// The key as text.
    public var text: String {
        var text = [CChar](repeating: 0, count: Self.textLength + 1)
        withBytes { _ = zmq_z85_encode(&text, $0.assumingMemoryBound(to: UInt8.self).baseAddress!, $0.count) }
        return String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: storage, body)
    }
}

/// A public key and the secret one that belongs to it.
public struct CurveKeyPair: Sendable, Equatable {
    /// What others know this side by.
    public let publicKey: CurveKey
    /// What proves that it is this side; nobody else may know it.
    public let secretKey: CurveKey

    /// Makes a new pair, from the system's random numbers.
    public static func random() -> CurveKeyPair {
        var (publicText, secretText) = (emptyText, emptyText)
        precondition(zmq_curve_keypair(&publicText, &secretText) == 0, "expected a libzmq with CURVE")
        return CurveKeyPair(publicKey: key(publicText), secretKey: key(secretText))
    }

    /// Finds the public key of a secret one.
    public init(secretKey: CurveKey) {
        var publicText = Self.emptyText
        precondition(
            zmq_curve_public(&publicText, secretKey.text) == 0, "expected a libzmq with CURVE")
        self.init(publicKey: Self.key(publicText), secretKey: secretKey)
    }

    private init(publicKey: CurveKey, secretKey: CurveKey) {
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    private static let emptyText = [CChar](repeating: 0, count: CurveKey.textLength + 1)

    private static func key(_ text: [CChar]) -> CurveKey {
        let text = String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let key = CurveKey(text: text) else {
            preconditionFailure("libzmq made no key of 40 characters")
        }
        return key
    }
}

extension CurveKeyPair: CustomStringConvertible, CustomDebugStringConvertible {
    /// The public key alone: the other one must not end up in a log.
    public var description: String { "key pair of \(publicKey.text)" }
    /// As `description`.
    public var debugDescription: String { description }
}
