// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The adaptive forecast of the streams of one rule: readouts that learn, mixed with simple experts, and intervals.
///
/// Experts are persistence, the value one season before, the model's own forecast, and the readouts; a mixture per
/// horizon follows those that were right. Forecasts are learned from when their time has come, never before. All of it
/// is counted in a unit that the stream's own deviation gave, from the newest value on. One tick costs no memory, and a
/// stream's state is one row.
package final class AdaptiveForecaster {
    /// What a tick brings.
    package struct Tick {
        package var value: Double
        /// Whether the value was observed, so that something can be learned from it.
        package var isObserved: Bool
        /// Places without a value between the last tick and this one.
        package var skipped: UInt64
        /// When the tick is, for scores that fade with time.
        package var time: Timestamp

        /// Makes a tick.
        package init(
            value: Double, isObserved: Bool = true, skipped: UInt64 = 0,
            time: Timestamp = Timestamp(nanoseconds: 0)
        ) {
            self.value = value
            self.isObserved = isObserved
            self.skipped = skipped
            self.time = time
        }
    }

    struct Head {
        var isBegun = false
        /// Places so far, of ticks and of those skipped.
        var position: UInt64 = 0
        /// The place of the first tick that readouts saw.
        var start: UInt64 = 0
        var statistics = RollingStatistics()
        /// The unit of all that is learned, in the stream's own; 0 while the stream's deviation is not settled.
        var unit = 0.0
        /// The season that was learned, in ticks, and the place that the seasons of its profile are counted from; 0 else.
        var season = 0
        var seasonStart: UInt64 = 0
        /// When the newest tick with an observation was.
        var observed = Timestamp(nanoseconds: 0)
    }

    let adaptation: Adaptation
    let hiddenSize: Int
    let levelCount: Int
    /// Features of the stream's own past, and those of them that are differences.
    let ownFeatureCount, differenceCount: Int
    let rowCount: Int
    /// Whether a readout looks at related streams.
    let hasRelated: Bool
    let readouts: [LinearReadout]
    let mixture: ExpertMixture
    let score: ForecastScore
    let layout: AdaptationLayout
    /// What the season that the rule gives decides, or that there is none.
    let parts: SeasonalParts
    /// The same by the seasons that streams have learned.
    var learnedParts: [Int: SeasonalParts] = [:]
    let learner: SeasonLearner?
    let scaleWeight: Double
    /// Values that a stream's deviation is first taken from.
    let settlingCount: UInt64
    let pages: ZeroPages
    let work: AdaptationWorkspace
    /// Rows that have begun.
    var begunCount = 0
    /// The sums of all streams' scores one tick ahead, each in its stream's unit, and when they last faded.
    let pool: UnsafeMutablePointer<Double>
    var poolTime = Timestamp(nanoseconds: 0)
    private let poolPages: ZeroPages

    /// Experts before the readouts: persistence, the season before, the model.
    static let plainExpertCount = 3
    /// Among the outstanding forecasts, where the figures of their intervals begin.
    var firstIntervalSeries: Int { readouts.count + 2 }
    /// How many times larger or smaller the stream's deviation may become before all is said in another unit.
    static let unitRange = 16.0
    /// And how many times, before what was learned is forgotten.
    static let rescalingRange = 1000.0
    /// No target and no forecast is further from the newest value, in units.
    static let limit = 30.0

    /// Makes a forecaster for rows `0..<rowCount`; rows that never come cost address space, not memory.
    package init(_ adaptation: Adaptation, hiddenSize: Int, rowCount: Int) {
        precondition(adaptation.isValid, "an adaptation keeps within its ranges")
        self.adaptation = adaptation
        self.hiddenSize = hiddenSize
        levelCount = adaptation.levels.count
        ownFeatureCount = adaptation.ownFeatureCount
        differenceCount = adaptation.differenceCount
        self.rowCount = rowCount
        hasRelated = adaptation.related != nil
        readouts = Self.readouts(adaptation, hiddenSize: hiddenSize)
        mixture = Self.mixture(adaptation, readouts)
        parts = SeasonalParts(adaptation, season: adaptation.season)
        learner = adaptation.seasonLimit > 0 ? SeasonLearner(limit: adaptation.seasonLimit) : nil
        score = ForecastScore(levels: adaptation.levels)
        layout = Self.layout(adaptation, readouts, mixture, parts.tracker)
        scaleWeight = RollingStatistics.weight(halfLife: max(5000, 20 * Double(adaptation.longestSeason)))
        settlingCount = UInt64(adaptation.season > 0 ? min(max(adaptation.season, 16), 256) : 32)
        pages = ZeroPages(count: rowCount, stride: layout.length * MemoryLayout<Double>.stride)
        work = AdaptationWorkspace(
            horizon: adaptation.horizon, expertCount: mixture.expertCount,
            stride: readouts.map(\.stride).max() ?? 8, seasonLength: learner?.scratchLength ?? 0)
        poolPages = ZeroPages(count: score.length, stride: MemoryLayout<Double>.stride)
        pool = poolPages.start.assumingMemoryBound(to: Double.self)
    }

    /// Bytes that a stream takes.
    package static func bytesPerStream(_ adaptation: Adaptation, hiddenSize: Int) -> Int {
        let readouts = readouts(adaptation, hiddenSize: hiddenSize)
        let mixture = mixture(adaptation, readouts)
        let parts = SeasonalParts(adaptation, season: adaptation.season)
        return layout(adaptation, readouts, mixture, parts.tracker).length * MemoryLayout<Double>.stride
    }

    /// The memory of a stream's row.
    func bytes(of row: Int) -> UnsafeMutableRawBufferPointer {
        pages.bytes(of: row..<row + 1, stride: layout.length * MemoryLayout<Double>.stride)
    }

    private static func readouts(_ adaptation: Adaptation, hiddenSize: Int) -> [LinearReadout] {
        let (own, horizon) = (adaptation.ownFeatureCount, adaptation.horizon)
        func readout(_ source: LinearReadout.Source, _ count: Int, _ factor: Double) -> LinearReadout {
            LinearReadout(source, featureCount: count, horizon: horizon, factor: factor)
        }
        let light = [
            readout(.past, own, 0.999), readout(.stateAndPast, hiddenSize + own, 0.9999),
            readout(.state, hiddenSize + 1, 0.9999),
        ]
        let more = [
            readout(.past, own, 0.9999), readout(.stateAndPast, hiddenSize + own, 0.999),
            readout(.state, hiddenSize + 1, 0.999),
        ]
        let related = readout(.pastAndRelated, own + 2 * Adaptation.relatedLimit, 0.9999)
        return light + (adaptation.depth == .full ? more : []) + (adaptation.related == nil ? [] : [related])
    }

    private static func mixture(_ adaptation: Adaptation, _ readouts: [LinearReadout]) -> ExpertMixture {
        ExpertMixture(expertCount: plainExpertCount + readouts.count, rule: adaptation.mix)
    }

    private static func layout(
        _ adaptation: Adaptation, _ readouts: [LinearReadout], _ mixture: ExpertMixture,
        _ tracker: IntervalTracker
    ) -> AdaptationLayout {
        let learner = adaptation.seasonLimit > 0 ? SeasonLearner(limit: adaptation.seasonLimit) : nil
        return AdaptationLayout(
            horizon: adaptation.horizon,
            historyLength: max(
                max(adaptation.longestSeason, Adaptation.lagCount) + adaptation.horizon + 1,
                (learner?.reach ?? 0) + 1),
            profileLength: SeasonalProfile(season: adaptation.longestSeason).length,
            learnerLength: learner?.length ?? 0,
            headLength: (MemoryLayout<Head>.stride + 7) / 8, readouts: readouts.map(\.length),
            mixtureLength: mixture.length, trackerLength: tracker.length,
            scoreLength: ForecastScore(levels: adaptation.levels).length,
            seriesCount: 2 + readouts.count + tracker.figureCount)
    }
}
