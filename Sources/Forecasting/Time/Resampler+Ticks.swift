// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What goes out.
extension Resampler {
    /// The next tick that is made by what came in; nil when there is none any more.
    mutating func next(
        _ policy: TimePolicy, _ openTicks: inout OpenTickTable, row: Int
    ) -> Tick? {
        if let tick = nextKnown(policy.aggregate, openTicks, row: row) {
            return step(to: tick, openTicks[row, tick, grid].value(policy.aggregate), policy)
        }
        if closing >= grid.tick(of: newest.time) || last < madeBefore, let tick = nextSilent(policy) {
            return tick
        }
        guard let observation = waiting else { return nil }
        waiting = nil
        if isTurning {
            begin(with: observation)
            openTicks.removeAll(row: row)
            (isTurning, isAnew) = (false, true)
        }
        let tick = grid.tick(of: observation.time)
        openTicks[row, tick, grid].add(observation, aggregate: policy.aggregate)
        opened = max(opened, tick)
        return nil
    }

    /// The first closed tick with observations that is not made yet.
    ///
    /// One whose observations are too large to be joined is missing.
    private mutating func nextKnown(
        _ aggregate: TimePolicy.Aggregate, _ openTicks: borrowing OpenTickTable, row: Int
    ) -> Int64? {
        while scanned < min(closing, opened) {
            let tick = openTicks[row, scanned + 1, grid]
            if tick.count > 0 && tick.value(aggregate).isFinite { return scanned + 1 }
            scanned += 1
        }
        // What lies between the newest open tick and here stays empty, however long that is.
        scanned = max(scanned, closing)
        return nil
    }

    /// The tick before `tick` that is missing and to be filled, or else `tick` itself.
    private mutating func step(to tick: Int64, _ value: Double, _ policy: TimePolicy) -> Tick {
        let gap = hasKnown ? tick - known - 1 : 0
        let isTooLong = gap > policy.limitTicks(period: period)
        if hasKnown && !isTooLong && policy.fill != .skip && last + 1 < tick {
            return fill(policy, towards: (tick, value))
        }
        var made = Tick(time: grid.start(of: tick), value: value, period: period, gap: gap)
        made.skipped = hasKnown ? tick - last - 1 : 0
        if isTooLong { made.beginning = policy.renewal == .reset ? .state : .rewarmed }
        if isAnew { made.beginning = .timeLine }
        (known, knownValue, hasKnown, last, scanned, isAnew) = (tick, value, true, tick, tick, false)
        return made
    }

    /// Makes the tick after the last, which is missing; the values on one or both sides of the gap are known.
    private mutating func fill(_ policy: TimePolicy, towards target: (tick: Int64, value: Double)?) -> Tick {
        last += 1
        var made = Tick(
            time: grid.start(of: last), value: knownValue, source: .filled, period: period,
            gap: last - known - 1)
        switch policy.fill {
        case .hold, .skip: break
        case .linear:
            guard let target else { break }
            let share = Double(last - known) / Double(target.tick - known)
            made.value = knownValue * (1 - share) + target.value * share
        case .seasonal: made.source = .seasonal
        case .forecast: made.source = .forecast
        }
        return made
    }

    /// What is to be made while nothing comes: a filled tick, or once the notice that the stream is stale.
    private mutating func nextSilent(_ policy: TimePolicy) -> Tick? {
        guard hasKnown && !isTurning else { return nil }
        let limit = policy.limitTicks(period: period)
        if policy.fill != .skip && last - known < limit {
            return last < closing ? fill(policy, towards: nil) : nil
        }
        guard closing - known > limit && !isStale else { return nil }
        isStale = true
        return Tick(
            time: grid.start(of: known + limit + 1), value: knownValue, source: .stale, period: period,
            gap: limit)
    }
}
