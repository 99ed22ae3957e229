// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a forecast is written as.
public enum ForecastFormat: String, CaseIterable, Sendable {
    /// A JSON object.
    case json
    /// A MessagePack map with the same fields.
    case messagePack = "msgpack"
}
