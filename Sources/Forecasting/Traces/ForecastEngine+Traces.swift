// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The near past of streams, for whoever looks.
extension ForecastEngine {
    /// Changes of streams' traces so far; each stream's row has the number of its last.
    public var traceChangeCount: UInt64 { traces.changeCount }

    /// Keeps the batch's forecasts.
    mutating func trace() {
        guard traces.length > 0 else { return }
        for index in forecasts.indices {
            let forecast = forecasts[index]
            let row = traces.row(forecast.slot, rule: forecast.rule)
            // Silence is no tick: it changes but the status.
            if forecast.status != .stale {
                row.append(tracePoint(index), yhat: yhat(at: index), margins: margins(at: index))
            }
            let change = traces.countChange()
            var head = row.head
            (head.change, head.sequence) = (change, forecast.sequence)
            if head.begun == 0 { head.begun = change }
            head.status = UInt64(forecast.status.rawValue)
            row.head = head
        }
    }

    private func tracePoint(_ index: Int) -> TracePoint {
        let forecast = forecasts[index]
        let margins = margins(at: index)
        let horizon = plan.rules[forecast.rule].horizon
        let widest = margins.count - 2 * horizon
        var marks: TracePoint.Marks = []
        if forecast.isImputed { marks.insert(.imputed) }
        if forecast.isReset { marks.insert(.reset) }
        if forecast.isRevised { marks.insert(.revised) }
        if forecast.status == .anomalous { marks.insert(.anomalous) }
        if forecast.gap > 0 { marks.insert(.afterGap) }
        return TracePoint(
            time: forecast.time, value: forecast.value, next: yhat(at: index)[0],
            below: widest >= 0 ? Float(margins[widest]) : .nan,
            above: widest >= 0 ? Float(margins[widest + horizon]) : .nan,
            anomalyScore: Float(forecast.anomalyScore ?? .nan), marks: marks)
    }

    /// What lists say of the stream in `slot`, if it changed after change number `change`.
    public func traceRow(of slot: UInt32, changedAfter change: UInt64) -> StreamRow? {
        guard traces.length > 0, isForecast(slot) else { return nil }
        let rule = records[Int(slot)].rule
        let row = traces.row(slot, rule: rule)
        let head = row.head
        guard head.change > change, let point = row.newest else { return nil }
        var (skill, coverage) = (Float.nan, Float.nan)
        if let forecaster = adaptive[rule] {
            let count = 2 + forecaster.adaptation.levels.count
            withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { figures in
                forecaster.writeRecentScore(row: Int(slot), to: figures.baseAddress!)
                skill = Float(figures[1])
                coverage = count > 2 ? Float(figures[count - 1]) : .nan
            }
        }
        return StreamRow(
            slot: slot, rule: UInt32(rule), status: Self.status(head), sequence: head.sequence, point: point,
            skill: skill, coverage: coverage, isNew: head.begun > change)
    }

    /// The near past of the stream in `slot`; nil if none is kept, or there is none yet.
    public func trace(of slot: UInt32) -> StreamTrace? {
        guard traces.length > 0, isForecast(slot) else { return nil }
        let record = records[Int(slot)]
        let row = traces.row(slot, rule: record.rule)
        guard row.newest != nil else { return nil }
        return StreamTrace(
            rule: record.rule, status: Self.status(row.head), sequence: row.head.sequence,
            period: record.resampler.period, points: row.newestPoints(), paths: row.wholeForecasts,
            margins: row.newestMargins)
    }

    /// At most so many of a stream's newest values, oldest first.
    public func recentValues(of slot: UInt32, atMost limit: Int) -> [Double] {
        guard traces.length > 0, isForecast(slot) else { return [] }
        return traces.row(slot, rule: records[Int(slot)].rule).newestPoints(atMost: limit).map(\.value)
    }

    private static func status(_ head: TraceTable.Head) -> Forecast.Status {
        Forecast.Status(rawValue: UInt8(truncatingIfNeeded: head.status)) ?? .warming
    }
}
