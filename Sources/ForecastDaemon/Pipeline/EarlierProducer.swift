// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// How far a producer had come when the daemon ended.
package struct EarlierProducer: Sendable {
    /// Its key: the input's name, `/`, its id.
    let key: [UInt8]
    /// Up to this message all were applied, and some up to that one.
    var (certain, received): (UInt64, UInt64)
    /// When its newest message came.
    var time: Timestamp

    /// Those that an engine remembers.
    static func all(of engine: borrowing ForecastEngine) -> [EarlierProducer] {
        var all: [EarlierProducer] = []
        engine.producers.forEach { key, number, time in
            let key = key.withUnsafeBytes { [UInt8]($0) }
            all.append(EarlierProducer(key: key, number: number, time: time))
        }
        return all
    }

    /// What several of so many engines know of one producer: an engine that had no part of a message does not know it.
    init(_ parts: [EarlierProducer], engineCount: Int) {
        key = parts[0].key
        certain = parts.count < engineCount ? 0 : parts.map(\.certain).min() ?? 0
        received = parts.map(\.received).max() ?? 0
        time = parts.map(\.time).max() ?? parts[0].time
    }

    private init(key: [UInt8], number: UInt64, time: Timestamp) {
        (self.key, self.time, certain, received) = (key, time, number, number)
    }
}
