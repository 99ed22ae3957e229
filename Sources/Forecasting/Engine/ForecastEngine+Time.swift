// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Time lines: how observations become ticks, and what happens when none come.
extension ForecastEngine {
    /// Says how late it is, so that silence is noticed without an observation.
    ///
    /// Call it again, after `advance` until that returns false, as long as it returns true.
    ///
    /// - Parameter now: The clock's time, by which `accept` was called too.
    /// - Returns: Whether ticks were made that `advance` now takes.
    /// - Precondition: `advance` has returned false since the last `accept`.
    public mutating func passTime(to now: Timestamp) -> Bool {
        precondition(queue.isEmpty && backlog.isEmpty, "the turn before must be over")
        decisions.clock = now
        while !isFull, let (slot, time) = deadlines.first, time <= now {
            guard let deadline = deadline(of: slot) else {
                deadlines.removeFirst()
                continue
            }
            guard deadline <= now else {
                deadlines.postponeFirst(to: deadline)
                continue
            }
            preserve(slot)
            passTime(of: slot, to: now)
            pull(slot)
        }
        passTimeOfSpilled(to: now)
        letIdleGo(at: now)
        return !queue.isEmpty
    }

    func isAhead(_ time: Timestamp, rule: Int, now: Timestamp) -> Bool {
        let (limit, overflow) = now.nanoseconds.addingReportingOverflow(plan.rules[rule].maximumSkew)
        return !overflow && time.nanoseconds > limit
    }

    /// Why a stream cannot begin with an observation, if it cannot.
    func refusal(ofFirst observation: Observation, rule: Int, now: Timestamp) -> Refusal? {
        guard observation.isTimedByArrival || !isAhead(observation.time, rule: rule, now: now) else {
            return .ahead
        }
        // The calendar and members are reckoned with the times that a grid has.
        let isAnyTime = plan.rules[rule].time.every == .event && plan.rules[rule].inputs == nil
        return isAnyTime ? nil : Grid.refusal(of: observation.time)
    }

    /// Nothing is due before this time; nil if nothing will be without an observation.
    public var nextDeadline: Timestamp? {
        var next = deadlines.first?.time
        if let time = spilled.firstDeadline?.time { next = min(next ?? time, time) }
        if let time = idle.first?.time { next = min(next ?? time, time) }
        return next
    }

    mutating func acceptOnGrid(_ observation: Observation, slot: UInt32, isTurning: Bool, at now: Timestamp) {
        let index = Int(slot)
        if isTurning {
            records[index].resampler.turn(with: observation, at: now)
            if hasJoins { joins.targets[index].isTurning = true }
        } else {
            records[index].resampler.take(observation, at: now)
            close(slot)
        }
        pull(slot)
    }

    mutating func acceptEvent(_ observation: Observation, slot: UInt32, isTurning: Bool, at now: Timestamp) {
        records[Int(slot)].resampler.endLateRow()
        if reorders && plan.rules[records[Int(slot)].rule].time.reorders {
            hold(observation, slot: slot, isTurning: isTurning, at: now)
        } else {
            takeEvent(observation, slot: slot, isTurning: isTurning, at: now)
        }
    }

    /// Makes a tick of an observation.
    mutating func takeEvent(_ observation: Observation, slot: UInt32, isTurning: Bool, at now: Timestamp) {
        let index = Int(slot)
        let before = records[index].resampler.newest.time
        records[index].resampler.takeEvent(observation, at: now)
        var tick = Tick(time: observation.time, value: observation.value)
        if isTurning { tick.beginning = .timeLine }
        offer(tick, slot: slot, at: now)
        if plan.rules[records[index].rule].time.every == .auto {
            learn(from: observation.time.seconds(since: before) * 1e9, slot: slot)
        }
    }

    /// Queues an observation that is a tick, as soon as its members have come too, if it has any.
    mutating func offer(_ tick: Tick, slot: UInt32, at now: Timestamp) {
        if hasInputs(slot) {
            joins.takeEvent(tick, of: slot, at: now)
            pull(slot)
        } else {
            enqueue(tick, slot: slot)
        }
    }

    /// Keeps the time between two observations, and tries to learn the period when there are enough.
    private mutating func learn(from difference: Double, slot: UInt32) {
        let index = Int(slot)
        if records[index].learnedFrom < PeriodLearner.observationCount {
            differences.store(difference, row: index, tick: UInt64(records[index].learnedFrom - 1))
            records[index].learnedFrom += 1
        }
        guard records[index].learnedFrom == PeriodLearner.observationCount, !holds(slot) else { return }
        records[index].learnedFrom = 1
        guard Grid.range.contains(records[index].resampler.newest.time),
            let period = PeriodLearner.period(differences: differences, row: index)
        else { return }
        records[index].resampler.learn(period: period)
        timeCounts.learned += 1
        note(.learned, slot, to: records[index].resampler.newest.time, .duration(period))
        schedule(slot)
    }

    /// Closes the ticks of a stream that its newest observation closes, where its members have come as far.
    mutating func close(_ slot: UInt32) {
        let index = Int(slot)
        let policy = plan.rules[records[index].rule].time
        var reach = records[index].resampler.newest.time
        if hasInputs(slot) { reach = joins.reach(of: slot, newest: reach, wait: policy.wait) }
        records[index].resampler.close(reaching: reach, policy)
    }

    /// Queues the ticks that a stream's time line makes; what does not fit is queued by `advance` later.
    mutating func pull(_ slot: UInt32) {
        let index = Int(slot)
        guard records[index].resampler.isOnGrid else {
            return hasInputs(slot) ? pullVectors(slot) : release(slot)
        }
        let policy = plan.rules[records[index].rule].time
        let isTurning = records[index].resampler.isTurning
        while !queue.isFull {
            let before = records[index].resampler.progress
            guard var tick = records[index].resampler.next(policy, &openTicks, row: index) else {
                if hasJoins { settle(slot) }
                if isTurning && policy.reviseLimit > 0 { forgetLines(of: slot) }
                schedule(slot)
                return
            }
            if policy.reviseLimit > 0 { keepLine(before, for: &tick, slot: slot) }
            enqueue(tick, slot: slot)
        }
        backlog.append(slot)
    }

    mutating func schedule(_ slot: UInt32) {
        if let deadline = deadline(of: slot) { deadlines.require(slot, by: deadline) }
    }

    /// As `deadline(of:)`, of a stream whose rule may know none.
    func anyDeadline(of slot: UInt32) -> Timestamp? {
        let record = records[Int(slot)]
        return record.resampler.isOnGrid || plan.rules[record.rule].time.reorders ? deadline(of: slot) : nil
    }
}

// What a tick does to its stream before the model steps.
extension ForecastEngine {
    /// Finds the value that stands in for a missing one, where the time line alone does not know it.
    mutating func impute(_ place: Int) {
        let tick = group[place].tick
        let record = records[Int(group[place].slot)]
        var value = Double.nan
        switch tick.source {
        case .forecast: value = record.nextValue
        case .seasonal:
            let season = plan.rules[record.rule].time.season
            let window = windows[slot: group[place].slot, rule: record.rule]
            if window.count >= season { value = window.value(back: season) }
        case .observed, .filled, .stale: break
        }
        if value.isFinite { group[place].tick.value = value }
        guard tick.revision == .none else { return }
        timeCounts.imputed += 1
        noteGap(.filled(plan.rules[record.rule].time.fill), group[place].tick, slot: group[place].slot)
    }

    /// Lets the model's state begin anew where the tick says so.
    mutating func begin(_ entry: WaveQueue.Entry, of runner: ModelRunner) {
        switch entry.tick.beginning {
        case .none:
            guard entry.tick.skipped > 0, entry.tick.revision == .none else { return }
            noteGap(.skipped, entry.tick, slot: entry.slot)
        case .timeLine: return
        case .state:
            noteRenewal(.reset, entry)
            runner.reset(slot: entry.slot)
            records[Int(entry.slot)].ticks = 0
        case .rewarmed:
            noteRenewal(.rewarm, entry)
            // A window is run from zero at every tick anyway.
            if case .stateful = runner.model.mode { rewarm(entry.slot, of: runner) }
        }
    }

    private mutating func noteRenewal(_ renewal: TimePolicy.Renewal, _ entry: WaveQueue.Entry) {
        guard entry.tick.revision == .none else { return }
        timeCounts.renewed += 1
        noteGap(.renewed(renewal), entry.tick, slot: entry.slot)
    }

    /// Lets the model's state begin at zero, and runs it over the values in the stream's window.
    mutating func rewarm(_ slot: UInt32, of runner: ModelRunner) {
        let index = Int(slot)
        let scale = currentScale(of: slot)
        runner.reset(slot: slot)
        records[index].ticks = 0
        if hasInputs(slot) { loadScales(of: slot, target: scale) }
        let window = windows[slot: slot, rule: records[index].rule]
        for back in stride(from: window.count, to: 0, by: -1) {
            let value = window.value(back: back)
            guard value.isFinite else { continue }
            if case .window = runner.model.mode {
                runner.remember(value, slot: slot, tick: records[index].ticks)
            } else if runner.inputSize > 1 {
                runner.replay(slot: slot) { joins.scaledInput($0, of: slot, back: back) }
            } else {
                runner.replay(slot: slot) { _ in scale.input(value) }
            }
            records[index].ticks += 1
        }
    }

    /// Keeps the tick's value in the stream's window, after a place for each tick that was skipped.
    func keep(_ entry: WaveQueue.Entry) {
        let rule = records[Int(entry.slot)].rule
        guard plan.rules[rule].time.windowLength > 0 else { return }
        let window = windows[slot: entry.slot, rule: rule]
        window.appendEmpty(entry.tick.skipped)
        window.append(entry.tick.value, isObserved: entry.tick.source == .observed)
    }
}
