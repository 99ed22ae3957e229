// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// How streams begin, and take in what comes.
extension ForecastEngine {
    func hasRoom(for places: Int) -> Bool {
        streams.count + places <= streams.capacity && !quota.isUsedUp(for: places)
    }

    /// Gives a stream a slot, with a time line that `begin` makes.
    mutating func insert(_ identifier: RawSpan, rule: Int) -> UInt32 {
        let slot = streams.insert(identifier)
        let record = StreamRecord(rule: rule)
        if Int(slot) == records.count { records.append(record) } else { records[Int(slot)] = record }
        if rule >= 0, let numbers = carried.numbers(of: identifier) {
            goOn(with: numbers, slot: slot, rule: rule)
        }
        return slot
    }

    /// Begins a stream's time line with its first observation.
    mutating func begin(
        _ observation: Observation, slot: UInt32, of identifier: RawSpan, at now: Timestamp
    ) {
        forecastStreamCount += 1
        let index = Int(slot)
        let rule = records[index].rule
        let time = plan.rules[rule].time
        if case .period(let period) = time.every {
            records[index].resampler = Resampler(first: observation, at: now, period: period)
        } else {
            records[index].resampler = Resampler(first: observation, at: now)
            records[index].learnedFrom = 1
        }
        if hasJoins { join(slot, of: identifier, at: now) }
        relate(slot, identifier)
        if records[index].resampler.isOnGrid {
            pull(slot)
        } else {
            offer(Tick(time: observation.time, value: observation.value), slot: slot, at: now)
        }
        _ = refusal(of: observation, slot: slot, begins: true)  // which is none: there is nothing before it
    }

    mutating func accept(_ observation: Observation, slot: UInt32, at now: Timestamp) -> Refusal? {
        let index = Int(slot)
        if let refusal = refusal(of: observation.value, rule: records[index].rule) { return refusal }
        var observation = observation
        if observation.isTimedByArrival {
            observation.time = records[index].resampler.possibleTime(from: observation.time)
        }
        let refusal = refusalByTime(of: observation, slot: slot)
        if refusal == .late && plan.rules[records[index].rule].time.reviseLimit > 0 {
            let refusal = revise(with: observation, slot: slot, at: now)
            if refusal != .late { return refusal }
        }
        if let refusal {
            let skew = plan.rules[records[index].rule].maximumSkew
            guard refusal == .late else { return refusal }
            guard records[index].resampler.turns(at: observation.time, skew: skew) else {
                if records[index].resampler.waitsLonger(after: observation, at: now) { schedule(slot) }
                return refusal
            }
        }
        guard observation.isTimedByArrival || !isAhead(observation.time, rule: records[index].rule, now: now)
        else { return .ahead }
        let isTurning = refusal != nil
        if let refusal = self.refusal(of: observation, slot: slot, begins: isTurning) { return refusal }
        if isTurning {
            timeCounts.turned += 1
            note(
                .turned, slot, from: records[index].resampler.newest.time, to: observation.time,
                value: observation.value)
        }
        if records[index].resampler.isOnGrid {
            acceptOnGrid(observation, slot: slot, isTurning: isTurning, at: now)
        } else {
            acceptEvent(observation, slot: slot, isTurning: isTurning, at: now)
        }
        return nil
    }
}
