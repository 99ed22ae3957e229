// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Late observations that are still taken in: the stream goes back to before their tick, and makes it and those after
// it anew.

// The time line's part, as observations come.
extension ForecastEngine {
    /// Takes in an observation that is late, if its tick is within reach.
    ///
    /// - Returns: Nil if it was taken in, or else why not.
    mutating func revise(with observation: Observation, slot: UInt32, at now: Timestamp) -> Refusal? {
        let index = Int(slot)
        let policy = plan.rules[records[index].rule].time
        guard let tick = records[index].resampler.tick(of: observation, within: policy.reviseLimit),
            let count = stepsBack(to: tick, slot: slot, fill: policy.fill)
        else { return .late }
        if records[index].resampler.isAgain(observation, openTicks, row: index) { return .duplicate }
        if isAhead(observation.time, rule: records[index].rule, now: now) { return .ahead }
        if let refusal = refusal(of: observation, slot: slot, begins: false) { return refusal }
        note(
            .revised, slot, to: observation.time, value: observation.value, .count(policy.reviseLimit))
        var head = checkpoints[head: slot]
        head.lines -= count
        head.reach -= count
        head.undone = count
        if count > 0 {
            records[index].resampler.madeBefore = records[index].resampler.last
            records[index].resampler.progress = checkpoints[line: head.lines, slot]
        }
        checkpoints[head: slot] = head
        records[index].resampler.takeLate(observation, at: now, policy, &openTicks, row: index)
        pull(slot)
        return nil
    }

    /// Ticks to go back over so that `tick` is the next to make; nil if that is too far.
    private func stepsBack(to tick: Int64, slot: UInt32, fill: TimePolicy.Fill) -> Int? {
        let head = checkpoints[head: slot]
        var (count, progress) = (0, records[Int(slot)].resampler.progress)
        // A straight line is drawn anew from its beginning.
        while progress.last >= tick || (fill == .linear && count > 0 && progress.isFilling) {
            count += 1
            guard count <= head.reach else { return nil }
            progress = checkpoints[line: head.lines - count, slot]
        }
        return count
    }

    /// Keeps the time line as it was before a tick was made, and says of the tick what revision makes of it.
    mutating func keepLine(_ before: Resampler.Progress, for tick: inout Tick, slot: UInt32) {
        guard tick.source != .stale else { return }
        let number = records[Int(slot)].resampler.last
        var head = checkpoints[head: slot]
        checkpoints[line: head.lines, slot] = before
        head.lines += 1
        head.reach = min(head.reach + 1, plan.rules[records[Int(slot)].rule].time.reviseLimit)
        tick.undone = Int32(head.undone)
        head.undone = 0
        let madeBefore = records[Int(slot)].resampler.madeBefore
        tick.revision = number < madeBefore ? .heldBack : number == madeBefore ? .revised : .none
        checkpoints[head: slot] = head
    }

    /// Forgets what was before a new time line.
    mutating func forgetLines(of slot: UInt32) {
        checkpoints[head: slot].reach = 0
    }
}

// The model's part, as ticks are stepped.
extension ForecastEngine {
    /// Goes back over the steps that a tick undoes, and keeps what is before its own.
    mutating func keepState(before tick: Tick, slot: UInt32, of runner: ModelRunner) {
        for _ in 0..<tick.undone { stepBack(slot, of: runner) }
        let record = records[Int(slot)]
        let number = checkpoints[head: slot].states
        // A state that begins anew counts its ticks from 0.
        let next = tick.beginning == .state ? 0 : record.ticks
        checkpoints[state: number, slot] = CheckpointTable.State(
            ticks: record.ticks, statistics: record.statistics, nextValue: record.nextValue,
            window: plan.rules[record.rule].time.windowLength > 0
                ? windows[slot: slot, rule: record.rule].position : nil,
            overwritten: runner.keep(slot: slot, tick: next, at: checkpoints.index(number, slot)),
            overwrittenTick: next)
        checkpoints[head: slot].states += 1
    }

    private mutating func stepBack(_ slot: UInt32, of runner: ModelRunner) {
        checkpoints[head: slot].states -= 1
        let number = checkpoints[head: slot].states
        let state = checkpoints[state: number, slot]
        let index = Int(slot)
        records[index].ticks = state.ticks
        records[index].statistics = state.statistics
        records[index].nextValue = state.nextValue
        if let position = state.window { windows[slot: slot, rule: records[index].rule].goBack(to: position) }
        runner.restore(
            slot: slot, tick: state.overwrittenTick, value: state.overwritten,
            from: checkpoints.index(number, slot))
    }

    /// Leaves out of the newest batch the forecasts that are not to be published, and marks those that are again.
    mutating func dropHeldBack() {
        var kept = 0
        for (index, entry) in group.enumerated() where entry.tick.revision != .heldBack {
            forecasts[kept] = forecasts[index]
            if kept != index {
                for step in 0..<maximumHorizon {
                    yhat[kept * maximumHorizon + step] = yhat[index * maximumHorizon + step]
                }
                let count = 2 * maximumLevelCount * maximumHorizon
                for place in 0..<count { margins[kept * count + place] = margins[index * count + place] }
                let length = maximumScoreLength
                for place in 0..<length { scores[kept * length + place] = scores[index * length + place] }
            }
            if entry.tick.revision == .revised {
                forecasts[kept].isRevised = true
                timeCounts.revised += 1
            }
            kept += 1
        }
        forecasts.removeLast(forecasts.count - kept)
    }
}
