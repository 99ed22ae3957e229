// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A picture of numbers in one line of text.
package enum Sparkline {
    private static let levels = Array("\u{2581}\u{2582}\u{2583}\u{2584}\u{2585}\u{2586}\u{2587}\u{2588}")

    /// The latest values, a divider, and the forecast, all on one scale, each in `length` places.
    ///
    /// A longer forecast is thinned out to `length` values, its first and last among them.
    package static func text(past: [Double], forecast: [Double], length: Int) -> String {
        let past = past.suffix(length)
        let forecast = thinned(forecast, to: length)
        guard let low = (past + forecast).min(), let high = (past + forecast).max() else { return "" }
        // Halves, because the difference of two large numbers can be infinite; no less than the fifth digit, which is the last
        // that numbers beside it have: what differs only behind it is level.
        let range = max(high / 2 - low / 2, max(high.magnitude, low.magnitude) / 2 * 1e-5)
        func picture(_ values: some Sequence<Double>) -> String {
            String(
                values.map { value in
                    let share = range > 0 ? (value / 2 - low / 2) / range : 0
                    return levels[min(levels.count - 1, Int(share * Double(levels.count)))]
                })
        }
        let padding = String(repeating: " ", count: length - past.count)
        return padding + picture(past) + "\u{2502}" + picture(forecast)
    }

    private static func thinned(_ values: [Double], to length: Int) -> [Double] {
        guard values.count > length else { return values }
        return (0..<length).map { values[($0 * (values.count - 1) + (length - 1) / 2) / (length - 1)] }
    }
}
