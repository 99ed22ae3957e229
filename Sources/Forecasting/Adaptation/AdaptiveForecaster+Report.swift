// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What an adaptive forecast knows of itself.
extension AdaptiveForecaster {
    /// How a stream's forecasts so many ticks ahead turned out; nil before the stream's first tick.
    package func scores(row index: Int, horizon: Int) -> ScoreFigures? {
        precondition((1...layout.horizon).contains(horizon), "a horizon of the adaptation")
        let row = Row(start(of: index), layout)
        guard row.head.isBegun else { return nil }
        let first = row.start + layout.scores
        var figures = score.figures(
            first + (horizon - 1) * score.length, scale: score.persistenceError(first))
        if parts(of: row).season == 0 {
            (figures.life.skillAgainstSeason, figures.recent.skillAgainstSeason) = (.nan, .nan)
        }
        return figures
    }

    /// Writes how a stream's forecasts of the next tick turned out of late: `2 + levels.count` figures, as
    /// `ForecastScore.writeRecent` has them.
    package func writeRecentScore(row index: Int, to figures: UnsafeMutablePointer<Double>) {
        score.writeRecent(start(of: index) + layout.scores, to: figures)
    }

    /// How the forecasts of the next tick of all streams turned out together.
    package var pooledScore: PooledScore {
        PooledScore(
            streams: begunCount, sums: Array(UnsafeBufferPointer(start: pool, count: score.length)),
            levels: adaptation.levels)
    }

    /// Writes the sums of all streams together, and when they faded.
    func savePool(to writer: inout StateWriter) {
        let time = Double(bitPattern: UInt64(bitPattern: poolTime.nanoseconds))
        writer.append(row: Array(UnsafeBufferPointer(start: pool, count: score.length)) + [time])
    }

    /// Takes over what `savePool` wrote.
    func restorePool(from reader: inout StateReader) throws(StateError) {
        let sums = try reader.readRow(of: Double.self, atMost: score.length + 1)
        guard sums.count == score.length + 1 else {
            throw StateError("expected \(score.length + 1) sums of scores, found \(sums.count)")
        }
        pool.update(from: sums, count: score.length)
        poolTime = Timestamp(nanoseconds: Int64(bitPattern: sums[score.length].bitPattern))
    }

    /// Takes over the sums of all streams together from the forecaster of another engine with the same adaptation.
    func takePool(of other: AdaptiveForecaster) {
        guard other !== self else { return }
        pool.update(from: other.pool, count: score.length)
        poolTime = other.poolTime
    }

    /// Takes note of a row that was filled from elsewhere.
    func adopt(row index: Int) {
        let head = Row(start(of: index), layout).head
        if head.isBegun { begunCount += 1 }
        if head.season > 0 && learnedParts[head.season] == nil {
            learnedParts[head.season] = SeasonalParts(adaptation, season: head.season)
        }
    }

    /// Takes note that a row's stream goes.
    func forsake(row index: Int) {
        if Row(start(of: index), layout).head.isBegun { begunCount -= 1 }
    }

    /// Lets what is recent of all streams together fade, once a minute.
    package func fadePool(to now: Timestamp) {
        let seconds = now.seconds(since: poolTime)
        guard seconds >= 60 || seconds < 0 else { return }
        score.fade(pool, by: ForecastScore.fading(over: seconds))
        poolTime = now
    }
}
