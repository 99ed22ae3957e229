// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Forecasts of a daemon, a line each: the newest value, the next and the last of its forecast, and a picture of the
/// latest values and the forecast.
package struct ForecastView: TapView {
    /// What is shown of a forecast's payload.
    private struct Payload: Decodable {
        struct Quality: Decodable {
            var warm: Double
            /// Absent in forecasts of earlier daemons.
            var imputed: Bool?
            /// Only in revised forecasts.
            var revised: Bool?
        }

        var ts: TimeText
        var epoch: String
        var status: String
        var y: Double
        var yhat: [Double?]
        var quality: Quality
    }

    private let isStyled: Bool
    private var columns = StreamColumn()
    private var pasts: [[UInt8]: (epoch: String, values: [Double])] = [:]

    /// Latest values in a picture, and as many places for the forecast.
    private static let pictureLength = 12
    /// Streams whose latest values are remembered.
    private static let streamsLimit = 10_000

    /// Makes a view; `isStyled` is whether colours are wanted.
    package init(isStyled: Bool) { self.isStyled = isStyled }

    package var legend: String? {
        "time, stream, value \u{2192} forecast of the next \u{2026} and the last value ahead, latest values\u{2502}forecast"
    }

    package mutating func text(of message: TapMessage, lostBefore: UInt64) -> String {
        guard message.problem == nil,
            let payload = try? Foundation.JSONDecoder().decode(Payload.self, from: Data(message.forecastJSON))
        else {
            return columns.padded(message.streamText) + "  no forecast: \(message.payloadText.prefix(80))\n"
        }
        let past = remember(payload, of: message.stream)
        let yhat = payload.yhat.compactMap { $0 }
        var text =
            payload.ts.text.printable.timeOfDay + "  " + columns.padded(message.streamText)
            + payload.y.compact.leftPadded(10)
        if let next = yhat.first, let last = yhat.last {
            text += "  \u{2192}" + next.compact.leftPadded(10)
            if yhat.count > 1 { text += " \u{2026}" + last.compact.leftPadded(10) }
        }
        text += "  " + Sparkline.text(past: past.values, forecast: yhat, length: Self.pictureLength)
        var notes: [String] = []
        switch payload.status {
        case "ok": break
        case "warming": notes.append("warming \(Int(min(max(payload.quality.warm, 0), 1) * 100)) %")
        default: notes.append(payload.status.printable)
        }
        if payload.quality.imputed == true && payload.status != "stale" { notes.append("filled in") }
        if payload.quality.revised == true { notes.append("revised") }
        if lostBefore > 0 { notes.append("\(lostBefore) lost before") }
        if past.isNewEpoch { notes.append("the daemon began anew") }
        return text + styled(notes, payload.status) + "\n"
    }

    private mutating func remember(
        _ payload: Payload, of stream: [UInt8]
    ) -> (values: [Double], isNewEpoch: Bool) {
        var past = pasts[stream] ?? (payload.epoch, [])
        let isNewEpoch = past.epoch != payload.epoch
        past = (payload.epoch, past.values.suffix(Self.pictureLength - 1) + [payload.y])
        if pasts.count < Self.streamsLimit || pasts[stream] != nil { pasts[stream] = past }
        return (past.values, isNewEpoch)
    }

    private func styled(_ notes: [String], _ status: String) -> String {
        guard !notes.isEmpty else { return "" }
        let text = notes.joined(separator: ", ")
        guard isStyled else { return "  " + text }
        return "  \u{1B}[" + (status == "warming" && notes.count == 1 ? "2" : "33") + "m" + text + "\u{1B}[0m"
    }
}

/// A time as a publisher writes it: text, or a number.
private struct TimeText: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else {
            text =
                try (try? container.decode(Int64.self).description)
                ?? container.decode(Double.self).description
        }
    }
}

extension String {
    /// The time of day of an RFC 3339 time; other texts as they are.
    var timeOfDay: String {
        guard utf8.count >= 20, let start = firstIndex(of: "T") else { return self }
        return String(self[index(after: start)...].prefix(8))
    }

    /// The text at the end of `length` characters.
    func leftPadded(_ length: Int) -> String { String(repeating: " ", count: max(0, length - count)) + self }
}

extension Double {
    /// Five digits, as many as a glance takes in.
    var compact: String {
        switch magnitude {
        case 1e5..<1e9: String(format: "%.0f", self)
        case 0, 1e-4..<1e5: String(format: "%.5g", self)
        default: String(format: "%.4g", self)  // with its exponent no longer than the others
        }
    }
}
