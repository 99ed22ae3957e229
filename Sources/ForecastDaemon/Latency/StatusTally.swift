// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// How many streams have which status, kept up with each forecast at the cost of a byte per stream.
package struct StatusTally {
    /// By slot: the status that was counted, from 1; 0 for none.
    private var counted: [UInt8]
    /// By `Forecast.Status.rawValue`: streams.
    package private(set) var counts = [Int](repeating: 0, count: Forecast.Status.allCases.count)

    /// Begins with the streams that an engine knows.
    package init(_ engine: borrowing ForecastEngine) {
        counted = [UInt8](repeating: 0, count: engine.plan.streamsLimit)
        for slot in 0..<UInt32(engine.streamCount) where engine.isForecast(slot) {
            note(engine.status(of: slot), of: slot)
        }
    }

    /// A stream has a status now.
    package mutating func note(_ status: Forecast.Status, of slot: UInt32) {
        let (before, now) = (counted[Int(slot)], status.rawValue + 1)
        guard before != now else { return }
        if before > 0 { counts[Int(before) - 1] -= 1 }
        counts[Int(status.rawValue)] += 1
        counted[Int(slot)] = now
    }
}
