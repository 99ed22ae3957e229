// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Streams whose observations are ticks, but wait for earlier ones first.
extension ForecastEngine {
    /// Why an observation does not fit on its stream's time line, those that wait included.
    func refusalByTime(of observation: Observation, slot: UInt32) -> Refusal? {
        let index = Int(slot)
        if hasInputs(slot), let refusal = Grid.refusal(of: observation.time) { return refusal }
        let refusal = records[index].resampler.refusal(of: observation, openTicks, row: index)
        guard refusal == nil else { return refusal }
        guard reorders && plan.rules[records[index].rule].time.reorders else { return nil }
        return held.holdsLast(observation, index) && !observation.isTimedByArrival ? .duplicate : nil
    }

    /// Lets an observation wait as long as earlier ones may come.
    mutating func hold(_ observation: Observation, slot: UInt32, isTurning: Bool, at now: Timestamp) {
        let lateness = plan.rules[records[Int(slot)].rule].time.lateness
        held.insert(observation, Int(slot), lateness: lateness, isTurning: isTurning, at: now)
        release(slot)
    }

    /// Makes ticks of the observations that need not wait any longer; what does not fit is queued by `advance` later.
    mutating func release(_ slot: UInt32) {
        let index = Int(slot)
        while !queue.isFull {
            // The period is learned when none waits, so that the grid begins after all of them.
            let isLearned = records[index].learnedFrom == PeriodLearner.observationCount
            guard let (observation, isTurning) = held.next(index, all: isLearned) else {
                schedule(slot)
                return
            }
            takeEvent(observation, slot: slot, isTurning: isTurning, at: held.arrival(index))
        }
        backlog.append(slot)
    }

    /// Whether observations of a stream without a grid wait.
    func holds(_ slot: UInt32) -> Bool {
        reorders && plan.rules[records[Int(slot)].rule].time.reorders && held.count(Int(slot)) > 0
    }

    /// When something is due for the stream though nothing comes; nil if nothing is.
    func deadline(of slot: UInt32) -> Timestamp? {
        let record = records[Int(slot)]
        let policy = plan.rules[record.rule].time
        if record.resampler.isOnGrid { return record.resampler.deadline(policy) }
        return hasInputs(slot)
            ? joins.deadline(of: slot, wait: policy.wait)
            : held.deadline(Int(slot), lateness: policy.lateness)
    }

    /// Says to a stream how late it is.
    mutating func passTime(of slot: UInt32, to now: Timestamp) {
        let index = Int(slot)
        let policy = plan.rules[records[index].rule].time
        if records[index].resampler.isOnGrid {
            records[index].resampler.passTime(at: now, policy)
        } else if hasInputs(slot) {
            joins.targets[index].isDue = true
        } else {
            held.passTime(index, lateness: policy.lateness, at: now)
        }
    }
}
