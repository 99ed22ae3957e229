// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
package import WireFormat

/// Values that go into a daemon, read as it would read them.
package struct ObservationView: TapView {
    /// An observation as JSON.
    private struct Line: Encodable {
        var stream: String
        var ts: String?
        var value: Double?
        var seq: UInt64?
        var problem: String?
        var payload: String?
    }

    private let decoder: PayloadDecoder
    private let isJSON: Bool
    private var columns = StreamColumn()

    /// Makes a view of what `decoder` reads.
    package init(decoder: PayloadDecoder, isJSON: Bool) {
        self.decoder = decoder
        self.isJSON = isJSON
    }

    package mutating func text(of message: TapMessage, lostBefore: UInt64) -> String {
        lines(of: message).enumerated().map { index, line in
            text(of: line, lostBefore: index == 0 ? lostBefore : 0) + "\n"
        }.joined()
    }

    private func lines(of message: TapMessage) -> [Line] {
        var decoded = DecodedMessage()
        do throws(DecodeError) {
            if let problem = message.problem { throw problem }
            try decoder.decode(
                identifier: message.stream.span.bytes, payload: message.payload.span.bytes, into: &decoded)
        } catch {
            return [
                Line(
                    stream: message.streamText, seq: message.sequence, problem: error.label,
                    payload: message.payloadText)
            ]
        }
        return (0..<decoded.count).map { index in
            let (time, value) = decoded.observation(at: index)
            let stream = decoded.identifier(at: index).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            return Line(stream: stream, ts: time?.rfc3339, value: value, seq: message.sequence)
        }
    }

    private mutating func text(of line: Line, lostBefore: UInt64) -> String {
        if isJSON { return (try? line.jsonText()) ?? "" }
        let time = (line.ts ?? WallClock.now().rfc3339).timeOfDay
        var text = time + "  " + columns.padded(line.stream) + "  "
        if let value = line.value {
            text += value.compact
        } else {
            text += "cannot be read: \(line.problem ?? ""): \((line.payload ?? "").prefix(80))"
        }
        return lostBefore > 0 ? text + "  (\(lostBefore) lost before)" : text
    }
}
