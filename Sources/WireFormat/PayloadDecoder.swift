// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Reads the payload of a message.
public enum PayloadDecoder: Sendable {
    /// JSON objects.
    case json(JSONDecoder)
    /// Columns of numbers.
    case text(TextDecoder)
    /// What JSON objects say, as MessagePack.
    case messagePack(MessagePackDecoder)
    /// Columns of floating-point numbers.
    case binary(BinaryDecoder)
    /// InfluxDB's line protocol.
    case lineProtocol(LineProtocolDecoder)

    /// Reads one message.
    ///
    /// - Parameters:
    ///   - identifier: The message's stream id, unchecked.
    ///   - payload: The message's payload.
    ///   - message: Receives the observations; empty if an error is thrown.
    /// - Throws: Why the message must be dropped, as a whole.
    public func decode(
        identifier: RawSpan, payload: RawSpan, into message: inout DecodedMessage
    ) throws(DecodeError) {
        message.removeAll()
        guard StreamIdentifier.isValid(identifier) else { throw .identifier }
        guard payload.byteCount > 0 else { throw .empty }
        do throws(DecodeError) {
            try identifier.withUnsafeBytes { base throws(DecodeError) in
                try payload.withUnsafeBytes { bytes throws(DecodeError) in
                    switch self {
                    case .json(let decoder): try decoder.decode(bytes, base: base, into: &message)
                    case .text(let decoder): try decoder.decode(bytes, base: base, into: &message)
                    case .messagePack(let decoder): try decoder.decode(bytes, base: base, into: &message)
                    case .binary(let decoder): try decoder.decode(bytes, base: base, into: &message)
                    case .lineProtocol(let decoder): try decoder.decode(bytes, base: base, into: &message)
                    }
                }
            }
        } catch {
            message.removeAll()
            throw error
        }
    }
}
