// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One tick of a stream's near past, with what was forecast on it for the next one.
public struct TracePoint: Sendable, Equatable, BitwiseCopyable {
    /// What is special about a tick.
    public struct Marks: OptionSet, Sendable, BitwiseCopyable {
        /// A bit for each mark.
        public let rawValue: UInt32
        /// Makes a set of the marks whose bits are set.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The value stands in for one that did not come.
        public static let imputed = Marks(rawValue: 1)
        /// The time line or the model's state began anew.
        public static let reset = Marks(rawValue: 2)
        /// It was forecast before, without an observation that came late.
        public static let revised = Marks(rawValue: 4)
        /// The stream's alarm is on.
        public static let anomalous = Marks(rawValue: 8)
        /// Ticks without values were passed over just before it.
        public static let afterGap = Marks(rawValue: 16)
    }

    /// The tick's time.
    public var time: Timestamp
    /// The value at it.
    public var value: Double
    /// What was forecast for the next tick; NaN where nothing was.
    public var next: Double
    /// How far that forecast's interval of the highest level reaches down and up; NaN where none was known.
    public var below, above: Float
    /// How unusual the value is; NaN where that is not known.
    public var anomalyScore: Float
    /// What is special about the tick.
    public var marks: Marks

    /// Makes a point.
    public init(
        time: Timestamp, value: Double, next: Double, below: Float, above: Float, anomalyScore: Float,
        marks: Marks
    ) {
        (self.time, self.value, self.next) = (time, value, next)
        (self.below, self.above) = (below, above)
        (self.anomalyScore, self.marks) = (anomalyScore, marks)
    }
}

/// The near past of one stream: what came, and what was forecast.
public struct StreamTrace: Sendable, Equatable {
    /// The index of the stream's rule.
    public var rule: Int
    /// How far the stream's state could be trusted at the newest forecast.
    public var status: Forecast.Status
    /// The number of the newest forecast.
    public var sequence: UInt64
    /// Nanoseconds between ticks; 0 while each observation is a tick.
    public var period: Int64
    /// The newest ticks, oldest first, their times rising.
    public var points: [TracePoint]
    /// What was forecast on the last of these ticks, `horizon` values each; NaN where nothing was.
    public var paths: [[Double]]
    /// Margins of the last path: for each level `horizon` distances down, then as many up; NaN where none is known.
    public var margins: [Float]
}

/// What changes about a stream with every forecast, for lists of all streams.
public struct StreamRow: Sendable, Equatable {
    /// The stream's slot.
    public var slot: UInt32
    /// The index of its rule.
    public var rule: UInt32
    /// How far its state can be trusted.
    public var status: Forecast.Status
    /// The number of its newest forecast.
    public var sequence: UInt64
    /// Its newest tick.
    public var point: TracePoint
    /// Of late, one tick ahead: the skill against persistence, and the share of values that intervals of the highest
    /// level held; NaN where that is not known.
    public var skill, coverage: Float
    /// Whether the slot may have been another stream's before.
    public var isNew: Bool
}
