// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon

extension DaemonSimulation {
    /// How often what was to be tested came about.
    struct Counts {
        var (observations, replayed, restored, torn, lost) = (0, 0, 0, 0, 0)
        var (snapshots, powerCuts, failures, fullDisks, cleanStops, reloads) = (0, 0, 0, 0, 0, 0)
        /// How often the older snapshot was given up.
        var onlyNewest = 0

        private static var all: [WritableKeyPath<Counts, Int>] {
            [
                \.observations, \.replayed, \.restored, \.torn, \.lost, \.snapshots, \.powerCuts, \.failures,
                \.fullDisks, \.cleanStops, \.reloads, \.onlyNewest,
            ]
        }

        mutating func add(_ other: Counts) {
            for path in Self.all { self[keyPath: path] += other[keyPath: path] }
        }

        /// How often the rarest of all came about.
        var leastCount: Int { Self.all.map { self[keyPath: $0] }.min()! }
    }
}

/// A sink for forecasts.
struct CountingSink: ForecastSink, ~Copyable {
    var count = 0

    mutating func publish(_ payload: RawSpan, stream: RawSpan, sequence: UInt64, output: Int) { count += 1 }
}
