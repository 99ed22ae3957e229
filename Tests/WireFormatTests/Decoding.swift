// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// One decoded observation, copied out.
struct Decoded: Equatable {
    var stream: String
    var nanoseconds: Int64?
    var value: Double

    init(_ stream: String, _ nanoseconds: Int64?, _ value: Double) {
        self.stream = stream
        self.nanoseconds = nanoseconds
        self.value = value
    }
}

/// Decodes a message; the error, if there is one, leaves it empty.
func decode(
    _ payload: [UInt8], as decoder: PayloadDecoder, identifier: String = "a", capacity: Int = 1024
) -> Result<[Decoded], DecodeError> {
    decode(payload.span.bytes, as: decoder, identifier: identifier, capacity: capacity)
}

/// Decodes a message that lies in any memory.
func decode(
    _ payload: RawSpan, as decoder: PayloadDecoder, identifier: String = "a", capacity: Int = 1024
) -> Result<[Decoded], DecodeError> {
    var message = DecodedMessage(capacity: capacity)
    do throws(DecodeError) {
        try decoder.decode(
            identifier: identifier.utf8.span.bytes, payload: payload, into: &message)
    } catch {
        precondition(message.count == 0, "a refused message leaves nothing behind")
        return .failure(error)
    }
    return .success(
        (0..<message.count).map { index in
            let (time, value) = message.observation(at: index)
            let name = message.identifier(at: index).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            return Decoded(name, time?.nanoseconds, value)
        })
}
