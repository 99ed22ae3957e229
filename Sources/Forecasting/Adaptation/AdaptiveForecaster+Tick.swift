// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// One tick of one stream.
extension AdaptiveForecaster {
    /// A stream's row of memory, and what of it is looked at in every tick.
    struct Row {
        let start: UnsafeMutablePointer<Double>
        let layout: AdaptationLayout
        var head: Head

        init(_ start: UnsafeMutablePointer<Double>, _ layout: AdaptationLayout) {
            self.start = start
            self.layout = layout
            head = UnsafeMutableRawPointer(start).load(as: Head.self)
        }

        /// Keeps the head.
        func save() { UnsafeMutableRawPointer(start).storeBytes(of: head, as: Head.self) }

        /// The value at a place; NaN where there is none any more, or none at all.
        subscript(place: UInt64) -> Double {
            get { start[layout.history + Int(place & UInt64(layout.historyLength - 1))] }
            nonmutating set {
                start[layout.history + Int(place & UInt64(layout.historyLength - 1))] = newValue
            }
        }

        /// The outstanding forecasts of a series.
        func outstanding(_ series: Int) -> UnsafeMutablePointer<Float> {
            UnsafeMutableRawPointer(start + layout.outstanding).assumingMemoryBound(to: Float.self)
                + series * layout.seriesLength
        }
    }

    /// Takes one stream a tick further.
    ///
    /// - Parameters:
    ///   - row: The stream's row.
    ///   - tick: What the tick brings.
    ///   - hidden: The model's state after the tick, `hiddenSize` values.
    ///   - yhat: The model's forecasts, one per tick ahead, in the stream's unit, NaN where it has none; receives the
    ///     adapted ones.
    ///   - margins: Receives for each level `horizon` margins below and as many above, in the stream's unit; NaN where
    ///     none is known yet.
    /// - Returns: Whether the stream's values can still be computed with; if not, its row has begun anew, and `yhat` is
    ///   as it was.
    package func advance(
        row index: Int, _ tick: Tick, hidden: UnsafePointer<Float>, yhat: UnsafeMutablePointer<Double>,
        margins: UnsafeMutablePointer<Double>
    ) -> Bool {
        var row = begunRow(index)
        skip(tick.skipped, in: &row)
        let now = row.head.position
        resolve(tick, in: row)
        if tick.isObserved { row.head.observed = tick.time }
        row[now] = tick.value
        if tick.isObserved || row.head.statistics.count == 0 {
            guard row.head.statistics.update(with: tick.value, weight: scaleWeight) else {
                reset(row: index)
                return false
            }
            learnProfile(tick.value, at: now, count: row.head.statistics.count, in: row)
        }
        if tick.isObserved { learnSeason(of: tick.value, in: &row) }
        settle(&row)
        ask(row: row, hidden: hidden, yhat: yhat)
        mix(in: row, yhat: yhat, margins: margins)
        row.head.position += 1
        row.save()
        return true
    }

    /// Forgets everything about a stream.
    package func reset(row index: Int) {
        if Row(start(of: index), layout).head.isBegun { begunCount -= 1 }
        start(of: index).update(repeating: 0, count: layout.length)
    }

    /// Forgets what was learned from related streams, because they are others now.
    package func forgetRelated(row index: Int) {
        var memory = start(of: index) + layout.readouts
        for readout in readouts {
            if readout.source == .pastAndRelated { readout.reset(memory) }
            memory += AdaptationLayout.padded(readout.length)
        }
    }

    /// Where what related streams are is written before a tick: two features for each.
    package var relatedFeatures: UnsafeMutablePointer<Double> { work.related }

    func start(of index: Int) -> UnsafeMutablePointer<Double> {
        precondition(index >= 0 && index < rowCount, "no such row of an adaptive forecaster")
        return pages.start.assumingMemoryBound(to: Double.self) + index * layout.length
    }

    private func begunRow(_ index: Int) -> Row {
        var row = Row(start(of: index), layout)
        guard !row.head.isBegun else { return row }
        row.head.isBegun = true
        begunCount += 1
        for place in 0..<layout.historyLength { row.start[layout.history + place] = .nan }
        return row
    }

    /// Places skipped that let a stream's newest values and outstanding forecasts be those of another time.
    package var memoryLength: UInt64 { UInt64(layout.historyLength) }

    private func skip(_ count: UInt64, in row: inout Row) {
        guard count > 0 else { return }
        row.head.position += count
        for back in 1...min(count, UInt64(layout.historyLength)) { row[row.head.position - back] = .nan }
    }

    /// Learns from the forecasts that were made for this tick, and finds the readouts' targets.
    private func resolve(_ tick: Tick, in row: Row) {
        let now = row.head.position
        work.targets.update(repeating: .nan, count: layout.horizon)
        let unit = row.head.unit
        guard tick.isObserved && unit > 0 else { return }
        // Where a day has fewer than 24 values, so many keep half.
        let parts = parts(of: row)
        let fading = ForecastScore.fading(over: min(tick.time.seconds(since: row.head.observed), 3600))
        for horizon in 1...layout.horizon where row.head.start + UInt64(horizon) <= now {
            let origin = now - UInt64(horizon)
            let value = row[origin]
            let scores = row.start + layout.scores + (horizon - 1) * score.length
            guard value.isFinite else {
                score.countMissing(scores)
                continue
            }
            let truth = Self.clipped((tick.value - value) / unit)
            work.targets[horizon - 1] = truth
            let place = layout.place(horizon: horizon, tick: origin)
            work.column[0] = 0
            work.column[1] = seasonalDifference(parts.back(horizon), from: origin, value, unit, in: row)
            for series in 0...readouts.count {
                work.column[2 + series] = Double(row.outstanding(series)[place])
            }
            let mixed = Double(row.outstanding(readouts.count + 1)[place])
            mixture.learn(
                row.start + layout.mixtures + (horizon - 1) * mixture.length, mixture: mixed,
                forecasts: work.column, truth: truth)
            let figures = row.outstanding(firstIntervalSeries) + place
            parts.tracker.learn(
                row.start + layout.trackers + (horizon - 1) * parts.tracker.length, horizon: horizon,
                residual: truth - mixed, figures: figures, stride: layout.seriesLength,
                phase: parts.phase(of: origin))
            let change = tick.value - value
            note(scores, change, forecast: mixed, figures: figures, unit: unit, fading: fading)
            // One absurd value must not be all that is seen of the streams together.
            if horizon == 1 { note(pool, truth, forecast: mixed, figures: figures, unit: 1, fading: 1) }
        }
    }

    /// Takes into a score what a forecast came to, by now in `work.column`.
    ///
    /// - Parameters:
    ///   - change: What the forecast's value has changed by, `unit` times as large as `forecast` would have it.
    ///   - unit: What a unit of the stream counts as.
    private func note(
        _ memory: UnsafeMutablePointer<Double>, _ change: Double, forecast: Double,
        figures: UnsafePointer<Float>, unit: Double, fading: Double
    ) {
        let seasonalError = adaptation.longestSeason > 0 ? unit * work.column[1] - change : .nan
        score.learn(
            memory,
            ForecastScore.Outcome(
                error: unit * forecast - change, persistenceError: -change, seasonalError: seasonalError),
            fading: fading
        ) { unit * Double(figures[IntervalTracker.margin($0) * layout.seriesLength]) }
    }

    /// The experts' forecasts, as differences to the newest value, in units.
    private func ask(
        row: Row, hidden: UnsafePointer<Float>, yhat: UnsafePointer<Double>
    ) {
        let unit = row.head.unit
        guard unit > 0 else { return }
        let now = row.head.position
        let value = row[now]
        let parts = parts(of: row)
        for horizon in 1...layout.horizon {
            let known = yhat[horizon - 1].isFinite ? Self.clipped((yhat[horizon - 1] - value) / unit) : 0
            forecasts(of: 0)[horizon - 1] = 0
            forecasts(of: 1)[horizon - 1] = seasonalDifference(
                parts.back(horizon), from: now, value, unit, in: row)
            forecasts(of: 2)[horizon - 1] = known
        }
        fillOwnFeatures(row)
        var memory = row.start + layout.readouts
        for (index, readout) in readouts.enumerated() {
            fillFeatures(of: readout, hidden: hidden)
            let target = forecasts(of: Self.plainExpertCount + index)
            readout.step(
                memory, tick: now - row.head.start, features: work.features,
                targets: work.targets, scratch: work.scratch, forecasts: target)
            if !(0..<layout.horizon).allSatisfy({ target[$0].isFinite }) {
                // Rounding has used P up, which only values of very different sizes do: learning begins anew.
                readout.reset(memory)
                target.update(repeating: 0, count: layout.horizon)
            }
            for horizon in 0..<layout.horizon { target[horizon] = Self.clipped(target[horizon]) }
            memory += AdaptationLayout.padded(readout.length)
        }
    }

    private func fillOwnFeatures(_ row: Row) {
        let (now, unit) = (row.head.position, row.head.unit)
        let value = row[now]
        let usual = row.start + layout.profile
        let parts = parts(of: row)
        let (profile, place) = (parts.profile, now - row.head.seasonStart)
        parts.features.write(
            to: work.own, tick: now, level: Self.clipped((value - row.head.statistics.mean) / unit)
        ) { back in
            guard UInt64(back) <= now else { return 0 }
            let old = row[now - UInt64(back)]
            return old.isFinite ? Self.clipped((old - value) / unit) : 0
        } usual: { ahead in
            let expected =
                ahead.map { profile.usual(usual, place: place + UInt64($0)) } ?? profile.mean(usual)
            return Self.clipped((expected - value) / unit)
        }
    }

    private func fillFeatures(of readout: LinearReadout, hidden: UnsafePointer<Float>) {
        var next = work.features
        if readout.source == .state || readout.source == .stateAndPast {
            for unit in 0..<hiddenSize { next[unit] = Double(hidden[unit]) }
            next += hiddenSize
        }
        if readout.source == .state {
            next.pointee = 1
            next += 1
        } else {
            next.update(from: work.own, count: ownFeatureCount)
            next += ownFeatureCount
        }
        if readout.source == .pastAndRelated {
            next.update(from: work.related, count: 2 * Adaptation.relatedLimit)
            next += 2 * Adaptation.relatedLimit
        }
        next.update(repeating: 0, count: work.features + readout.stride - next)
    }

    /// Mixes the experts, and keeps what all of them said until its time has come.
    private func mix(
        in row: Row, yhat: UnsafeMutablePointer<Double>, margins: UnsafeMutablePointer<Double>
    ) {
        let now = row.head.position
        let value = row[now]
        let unit = row.head.unit
        guard unit > 0 else {
            return margins.update(repeating: .nan, count: 2 * levelCount * layout.horizon)
        }
        let experts = mixture.expertCount
        let parts = parts(of: row)
        for horizon in 1...layout.horizon {
            let place = layout.place(horizon: horizon, tick: now)
            for expert in 0..<experts { work.column[expert] = forecasts(of: expert)[horizon - 1] }
            let mixed = mixture.mix(row.start + layout.mixtures + (horizon - 1) * mixture.length, work.column)
            for series in 0...readouts.count {
                row.outstanding(series)[place] = Float(work.column[2 + series])
            }
            row.outstanding(readouts.count + 1)[place] = Float(mixed)
            yhat[horizon - 1] = value + unit * mixed
            let figures = row.outstanding(firstIntervalSeries) + place
            parts.tracker.forecast(
                row.start + layout.trackers + (horizon - 1) * parts.tracker.length,
                phase: parts.phase(of: now), to: figures, stride: layout.seriesLength)
            for series in 0..<2 * levelCount {
                margins[series * layout.horizon + horizon - 1] =
                    unit * Double(figures[IntervalTracker.margin(series) * layout.seriesLength])
            }
        }
    }

    private func forecasts(of expert: Int) -> UnsafeMutablePointer<Double> {
        work.forecasts + expert * layout.horizon
    }

    /// What the value so many places back from the forecast's origin says, a season before its tick; 0 where none is known.
    private func seasonalDifference(
        _ back: Int?, from origin: UInt64, _ value: Double, _ unit: Double, in row: Row
    ) -> Double {
        guard let back, UInt64(back) <= origin else { return 0 }
        let old = row[origin - UInt64(back)]
        return old.isFinite ? Self.clipped((old - value) / unit) : 0
    }

    private static func clipped(_ difference: Double) -> Double { min(max(difference, -limit), limit) }
}
