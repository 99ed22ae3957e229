// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What becomes of forecasts once the model has made them.
extension ForecastEngine {
    /// Adapts the batch's forecasts to their streams.
    mutating func adapt(of runner: ModelRunner, at now: Timestamp) {
        noteRelated()
        for (index, entry) in group.enumerated() {
            guard let forecaster = adaptive[forecasts[index].rule] else { continue }
            forecaster.fadePool(to: now)
            let isTurned = entry.tick.beginning == .timeLine
            let tick = AdaptiveForecaster.Tick(
                value: entry.tick.value, isObserved: entry.tick.source == .observed,
                skipped: isTurned ? forecaster.memoryLength : UInt64(entry.tick.skipped),
                time: entry.tick.time)
            fillRelated(entry, of: forecaster)
            let stride = maximumHorizon
            let start = (index * stride, index * stride * 2 * maximumLevelCount)
            let isKept = yhat.withUnsafeMutableBufferPointer { yhat in
                margins.withUnsafeMutableBufferPointer { margins in
                    runner.withHidden(index) { hidden in
                        forecaster.advance(
                            row: Int(entry.slot), tick, hidden: hidden, yhat: yhat.baseAddress! + start.0,
                            margins: margins.baseAddress! + start.1)
                    }
                }
            }
            if !isKept { forgetMargins(index) }
            records[Int(entry.slot)].nextValue = yhat[start.0]
            noteScore(index)
        }
    }

    /// Says of a forecast that nothing is known of its intervals.
    mutating func forgetMargins(_ index: Int) {
        let count = 2 * maximumLevelCount * maximumHorizon
        for place in index * count..<(index + 1) * count { margins[place] = .nan }
    }

    /// Says with a forecast how earlier ones of its stream turned out.
    mutating func noteScore(_ index: Int) {
        let forecast = forecasts[index]
        let start = index * maximumScoreLength
        scores.withUnsafeMutableBufferPointer { scores in
            adaptive[forecast.rule]?.writeRecentScore(
                row: Int(forecast.slot), to: scores.baseAddress! + start)
        }
    }

    /// Ticks in the season of the stream in `slot`; 0 where none is known, and without adaptation.
    public func season(of slot: UInt32) -> Int {
        adaptive[records[Int(slot)].rule]?.season(row: Int(slot)) ?? 0
    }

    /// How the forecasts of the stream in `slot` so many ticks ahead turned out; nil without adaptation.
    public func scores(of slot: UInt32, horizon: Int) -> ScoreFigures? {
        adaptive[records[Int(slot)].rule]?.scores(row: Int(slot), horizon: horizon)
    }

    /// How the forecasts of the next tick of all streams of a rule turned out together; nil without adaptation.
    public func pooledScore(ofRule rule: Int) -> PooledScore? { adaptive[rule]?.pooledScore }
}
