// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Forecasts of a daemon, a line each: the newest value, the next and the last of its forecast, a picture of the latest
/// values and the forecast; where forecasts are adapted, also the widest interval of the next one, its skill, and the
/// share of values that such intervals held.
package struct ForecastView: TapView {
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
        "time, stream, value \u{2192} forecast of the next (interval) \u{2026} and the last value ahead, "
            + "latest values\u{2502}forecast, skill, share held"
    }

    package mutating func text(of message: TapMessage, lostBefore: UInt64) -> String {
        guard message.problem == nil,
            let payload = try? Foundation.JSONDecoder().decode(
                ForecastPayload.self, from: Data(message.forecastJSON))
        else {
            return columns.padded(message.streamText) + "  no forecast: \(message.payloadText.prefix(80))\n"
        }
        let past = remember(payload, of: message.stream)
        let yhat = payload.yhat.compactMap { $0 }
        var text =
            payload.ts.text.printable.timeOfDay + "  " + columns.padded(message.streamText)
            + payload.y.compact.leftPadded(10)
        if let next = yhat.first, let last = yhat.last {
            text += "  \u{2192}" + next.compact.leftPadded(10) + interval(of: payload)
            if yhat.count > 1 { text += " \u{2026}" + last.compact.leftPadded(10) }
        }
        text += "  " + Sparkline.text(past: past.values, forecast: yhat, length: Self.pictureLength)
        text += score(of: payload)
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

    /// The widest interval around the next forecast, or the room for it where it is not known yet.
    private func interval(of payload: ForecastPayload) -> String {
        guard let interval = payload.widest else { return "" }
        guard let lower = interval.lower, let upper = interval.upper else {
            return String(repeating: " ", count: 25)
        }
        return " (" + lower.compact.leftPadded(9) + " to " + upper.compact.leftPadded(9) + ")"
    }

    private func score(of payload: ForecastPayload) -> String {
        guard let interval = payload.widest, let skill = payload.score?.skill,
            let share = payload.score?.coverage[interval.level] ?? nil
        else { return "" }
        let (held, wanted) = (String(format: "%.0f", 100 * share), (100 * interval.share).compact)
        return "  skill " + String(format: "%.2f", skill).leftPadded(5)
            + ", held \(held.leftPadded(3)) % of \(wanted) %"
    }

    private mutating func remember(
        _ payload: ForecastPayload, of stream: [UInt8]
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

extension String {
    /// The time of day of an RFC 3339 time; other texts as they are.
    var timeOfDay: String {
        guard utf8.count >= 20, let start = firstIndex(of: "T") else { return self }
        return String(self[index(after: start)...].prefix(8))
    }

    /// An RFC 3339 time of UTC without the parts of its second.
    var second: String { String(prefix(19)) + "Z" }

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
