// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where the parts of a stream's row of memory lie, in doubles from its beginning; each begins at a multiple of 64 bytes.
///
///     head | history | profile | season learner | readouts | mixtures | trackers | scores | outstanding forecasts
///
/// Outstanding are the forecasts whose time has not come: for each horizon h the last h of each series (every expert
/// that cannot be recomputed, the mixture, what intervals are made of, two margins per level), as floats in units of the stream.
struct AdaptationLayout {
    let horizon: Int
    /// Places of the history, a power of two.
    let historyLength: Int
    let history: Int
    let profile: Int
    let learner: Int
    /// Where the first readout lies; the others follow, each at a multiple of 64 bytes.
    let readouts: Int
    let mixtures: Int
    let trackers: Int
    let scores: Int
    let outstanding: Int
    let seriesCount: Int
    /// Floats that one series of outstanding forecasts takes.
    let seriesLength: Int
    /// Doubles of a row.
    let length: Int

    init(
        horizon: Int, historyLength: Int, profileLength: Int, learnerLength: Int, headLength: Int,
        readouts lengths: [Int],
        mixtureLength: Int,
        trackerLength: Int, scoreLength: Int, seriesCount: Int
    ) {
        var end = 0
        func place(_ count: Int) -> Int {
            defer { end += Self.padded(count) }
            return end
        }
        self.horizon = horizon
        self.seriesCount = seriesCount
        _ = place(headLength)
        self.historyLength = Self.powerOfTwo(historyLength)
        history = place(self.historyLength)
        profile = place(profileLength)
        learner = place(learnerLength)
        readouts = end
        for length in lengths { _ = place(length) }
        mixtures = place(horizon * mixtureLength)
        trackers = place(horizon * trackerLength)
        scores = place(horizon * scoreLength)
        seriesLength = horizon * (horizon + 1) / 2
        outstanding = place((seriesCount * seriesLength + 1) / 2)
        length = end
    }

    /// What so many doubles take up.
    static func padded(_ count: Int) -> Int { (count + 7) / 8 * 8 }

    private static func powerOfTwo(_ least: Int) -> Int {
        var result = 8
        while result < least { result *= 2 }
        return result
    }

    /// The place in a series of the forecast that was made `horizon` ticks ahead on tick number `tick`.
    func place(horizon: Int, tick: UInt64) -> Int {
        horizon * (horizon - 1) / 2 + Int(tick % UInt64(horizon))
    }
}
