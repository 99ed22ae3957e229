// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import WireFormat

/// The payloads as JSON, one a line; what is no forecast is wrapped in an object.
package struct ForecastJSONView: TapView {
    /// A message that is no forecast.
    private struct Line: Encodable {
        var stream: String
        var problem: String
        var payload: String
    }

    /// Makes a view.
    package init() {}

    package func text(of message: TapMessage, lostBefore: UInt64) -> String {
        let json = message.forecastJSON
        let object = try? JSONSerialization.jsonObject(with: Data(json))
        if message.problem == nil, object is [String: Any] {
            return String(decoding: json, as: UTF8.self).printable + "\n"
        }
        let line = Line(
            stream: message.streamText, problem: message.problem?.label ?? "syntax",
            payload: message.payloadText)
        return ((try? line.jsonText()) ?? "") + "\n"
    }
}
