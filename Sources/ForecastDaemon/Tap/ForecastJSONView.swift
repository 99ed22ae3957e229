// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import WireFormat

/// The payloads as they are, one a line; what is no JSON object is wrapped in one.
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
        let object = try? JSONSerialization.jsonObject(with: Data(message.payload))
        if message.problem == nil, object is [String: Any] { return message.payloadText + "\n" }
        let line = Line(
            stream: message.streamText, problem: message.problem?.label ?? "syntax",
            payload: message.payloadText)
        return ((try? line.jsonText()) ?? "") + "\n"
    }
}
