// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What changed about streams since somebody last asked.
package struct StreamChanges: Sendable, Equatable {
    /// How far one engine's changes were told.
    package struct Mark: Sendable, Equatable {
        /// Changes up to this number were told.
        package var change: UInt64 = 0
        /// The same when the round that is under way is complete.
        package var nextChange: UInt64 = 0
        /// The slot that the round goes on with; 0 begins one.
        package var slot = 0
        /// Slots whose streams' ids were told.
        package var named = 0

        /// Begins with nothing told.
        package init() {}
    }

    /// A stream's newest tick and forecast.
    package struct Row: Sendable, Equatable {
        /// The stream: its engine, and its slot there.
        package var engine, slot: Int
        /// The number of its rule, from 1.
        package var rule: Int
        /// `warming`, `ok`, `reset`, `stale` or `anomalous`.
        package var status: String
        /// The number of the newest forecast.
        package var seq: UInt64
        /// The tick's time, in milliseconds since 1970.
        package var milliseconds: Int64
        /// The tick's value, and what is forecast for the next.
        package var y, yhat: Double
        /// How far the interval of the highest level reaches down and up.
        package var below, above: Float
        /// How the forecasts of the next tick turned out of late, and how unusual the value is; NaN where that is not known.
        package var skill, coverage, anomaly: Float

        /// Makes a row.
        package init(
            engine: Int, slot: Int, rule: Int, status: String, seq: UInt64, milliseconds: Int64, y: Double,
            yhat: Double, below: Float, above: Float, skill: Float, coverage: Float, anomaly: Float
        ) {
            (self.engine, self.slot, self.rule, self.status) = (engine, slot, rule, status)
            (self.seq, self.milliseconds, self.y, self.yhat) = (seq, milliseconds, y, yhat)
            (self.below, self.above) = (below, above)
            (self.skill, self.coverage, self.anomaly) = (skill, coverage, anomaly)
        }
    }

    /// For each engine: how far all was told now.
    package var marks: [Mark]
    /// For each engine: the ids of the streams that were not named before, in the order of their slots.
    package var names: [[String]]
    /// For each engine: the ids of the streams that slots have now which had been named, by slot.
    package var renamed: [[Int: String]] = []
    /// The streams that changed.
    package var rows: [Row]

    /// Makes an account.
    package init(marks: [Mark], names: [[String]], rows: [Row]) {
        (self.marks, self.names, self.rows) = (marks, names, rows)
    }
}
