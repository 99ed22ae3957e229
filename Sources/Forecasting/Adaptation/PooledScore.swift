// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the forecasts of the next tick of all streams of a rule turned out together.
///
/// The errors of each stream are counted in its own unit, about its deviation, so that they can be added up.
public struct PooledScore: Sendable, Equatable {
    /// Streams in memory that have come.
    public private(set) var streams: Int
    /// As `ForecastScore` has them.
    private var sums: [Double]
    private let levels: [Double]

    init(streams: Int, sums: [Double], levels: [Double]) {
        self.streams = streams
        self.sums = sums
        self.levels = levels
    }

    /// Adds what another engine has of the same rule.
    public mutating func add(_ other: PooledScore) {
        streams += other.streams
        for place in sums.indices { sums[place] += other.sums[place] }
    }

    /// The figures so far.
    public var figures: ScoreFigures {
        let score = ForecastScore(levels: levels)
        return score.figures(sums, scale: score.persistenceError(sums))
    }
}
