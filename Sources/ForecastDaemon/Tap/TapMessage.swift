// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import WireFormat

/// How messages are shown.
package protocol TapView {
    /// What the columns are; nil where nobody needs to be told.
    var legend: String? { get }

    /// A message as one line or several, each with its end.
    mutating func text(of message: TapMessage, lostBefore: UInt64) -> String
}

extension TapView {
    /// None.
    package var legend: String? { nil }
}

/// A message as it was received.
package struct TapMessage {
    /// The stream id.
    package let stream: [UInt8]
    /// The payload.
    package let payload: [UInt8]
    /// The publisher's number of the message.
    package let sequence: UInt64?
    /// What is wrong with the frames.
    package let problem: DecodeError?

    /// Takes the frames apart, at least one.
    package init(frames: [[UInt8]]) {
        let first = frames[0]
        let lastFrame = frames[frames.count - 1]
        let last = lastFrame.span.bytes
        do throws(DecodeError) {
            switch frames.count {
            case 1:
                let parts = try MessageFrames.split(last)
                (stream, payload, sequence) = (
                    Array(first[parts.identifier]), Array(first[parts.payload]), nil
                )
            case 2: (stream, payload, sequence) = (first, frames[1], nil)
            case 3:
                (stream, payload, sequence) = (
                    first, frames[1], try MessageFrames.sequence(from: last).value
                )
            default: throw .frameCount
            }
            problem = nil
        } catch {
            (stream, payload, sequence, problem) = (first, frames.count > 1 ? frames[1] : [], nil, error)
        }
    }

    /// The stream id as text.
    package var streamText: String { String(decoding: stream, as: UTF8.self).printable }
    /// The payload as JSON, whichever of the formats of forecasts it has; as it is if it has none.
    package var forecastJSON: [UInt8] {
        // No MessagePack map begins with the bracket of a JSON object.
        payload.first == UInt8(ascii: "{") ? payload : MessagePackText.json(payload.span.bytes) ?? payload
    }
    /// The payload as text, or what its beginning is in hexadecimal if it is no text.
    package var payloadText: String { PayloadText.whole(payload) }
}
