// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

extension StreamSummary {
    /// What is known of a stream's anomalies.
    public struct Anomaly: Sendable, Equatable {
        /// The newest tick's score, above 1 for an anomaly; NaN where none is known.
        public var score: Double
        /// Alarms so far, the one that is on included.
        public var alarms: UInt64
    }

    /// What a model's own forecasts of the next tick come to, block by block.
    public struct Drift: Sendable, Equatable {
        /// The mean absolute error over that of repeating the last value, in the newest block.
        public var ratio: Double
        /// What that may be; nil before enough blocks are known.
        public var limit: Double?
        /// Whether it is more, lastingly.
        public var isOn: Bool
    }
}

extension ForecastEngine {
    func anomaly(of slot: UInt32) -> StreamSummary.Anomaly? {
        guard watches.detectors[records[Int(slot)].rule] != nil else { return nil }
        let state = watches.anomalies[Int(slot)]
        return StreamSummary.Anomaly(score: state.score, alarms: (state.alarm.changes + 1) / 2)
    }

    func drift(of slot: UInt32) -> StreamSummary.Drift? {
        let state = watches.drifts[Int(slot)]
        guard state.hasRatio else { return nil }
        let edge = watches.models[records[Int(slot)].rule].edge(of: state)
        return StreamSummary.Drift(
            ratio: exp(state.ratio), limit: edge.map { exp($0) }, isOn: state.isDrifting)
    }
}
