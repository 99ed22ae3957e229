// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the forecasts of one stream and horizon turned out.
public struct ScoreFigures: Sendable, Equatable {
    /// The figures of a stretch of the stream's life; NaN where nothing is known yet.
    public struct Period: Sendable, Equatable {
        /// Forecasts that count, by their weight.
        public var weight: Double
        /// Mean of |forecast - truth|, in the stream's unit.
        public var meanAbsoluteError: Double
        /// Root of the mean of (forecast - truth)², in the stream's unit.
        public var rootMeanSquareError: Double
        /// Mean of forecast - truth, in the stream's unit.
        public var bias: Double
        /// The mean absolute error over that of repeating the last value for one tick, so that streams and horizons can
        /// be compared (MASE; Hyndman and Koehler 2006, "Another look at measures of forecast accuracy").
        ///
        /// The authors take the latter from the values that a model was fitted to. A forecast that learns is fitted to
        /// all that came: here it is taken over the stream's life so far, for the recent error too.
        public var meanAbsoluteScaledError: Double
        /// 1 - error / error of repeating the last value: above 0 is better.
        public var skillAgainstPersistence: Double
        /// 1 - error / error of repeating the value one season before; NaN without a season.
        public var skillAgainstSeason: Double
        /// Per level: the share of values that the intervals held.
        public var coverage: [Double]
        /// Per level: the mean interval score (Winkler 1972), in the stream's unit: width, and 2 / (1 - level) times
        /// by how much a value lay outside.
        public var intervalScore: [Double]
    }

    /// Since the stream began.
    public var life: Period
    /// Of late: what came a day ago counts half, or 24 values ago where these take longer.
    public var recent: Period
    /// Values that no forecast had been made for.
    public var missing: UInt64
}
