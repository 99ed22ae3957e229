// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Members of a target whose observations are ticks of their own: observations of one time make one vector.
extension JoinTable {
    /// Takes in a member's observation, or says why not.
    ///
    /// - Parameter newest: The target's newest time.
    mutating func takeEvent(
        _ observation: Observation, from stream: UInt32, to target: UInt32, newest: Timestamp
    ) -> Refusal? {
        var time = observation.time.nanoseconds
        if observation.isTimedByArrival { time = max(time, newest.nanoseconds) }
        let pending = targets[Int(target)].pending?.time.nanoseconds
        for cell in cells(of: target) where members[cell].stream == stream + 1 {
            if time > newest.nanoseconds {
                reachBeyond(cell, upTo: time)
                (members[cell].beyond, members[cell].beyondAt) = (observation.value, time)
            } else if time == pending || time > members[cell].heldAt {
                (members[cell].held, members[cell].heldAt) = (observation.value, time)
            } else {
                return .late
            }
        }
        return nil
    }

    /// Takes in an observation of the target.
    mutating func takeEvent(_ tick: Tick, of target: UInt32, at now: Timestamp) {
        targets[Int(target)].upcoming = tick
        targets[Int(target)].arrival = now
    }

    /// The next tick that is made by what came in; nil when there is none any more.
    mutating func nextEvent(of target: UInt32) -> Tick? {
        let target = Int(target)
        if targets[target].pending == nil, let tick = targets[target].upcoming {
            targets[target].upcoming = nil
            targets[target].pending = tick
            for cell in cells(of: UInt32(target)) {
                if tick.beginning == .timeLine {
                    (members[cell].heldAt, members[cell].beyondAt) = (.min, .min)
                }
                reachBeyond(cell, upTo: tick.time.nanoseconds)
            }
        }
        guard let tick = targets[target].pending,
            targets[target].upcoming != nil || targets[target].isDue
                || isComplete(UInt32(target), at: tick.time.nanoseconds)
        else { return nil }
        targets[target].pending = nil
        targets[target].isDue = false
        return tick
    }

    /// Whether every member has a value of this time, or has passed it.
    private func isComplete(_ target: UInt32, at time: Int64) -> Bool {
        cells(of: target).allSatisfy { cell in
            members[cell].stream == 0 || members[cell].heldAt == time || members[cell].beyondAt > time
        }
    }

    /// Until when the tick that waits for its members is waited with; nil if there is none.
    func deadline(of target: UInt32, wait: Int64) -> Timestamp? {
        guard targets[Int(target)].pending != nil else { return nil }
        let (time, overflow) = targets[Int(target)].arrival.nanoseconds.addingReportingOverflow(wait)
        return overflow ? nil : Timestamp(nanoseconds: time)
    }

    /// Gathers what the members have for a tick that is made, into the vector at a place of the queue.
    mutating func collectEvent(_ tick: Tick, of target: UInt32, _ inputs: InputList, place: Int) {
        let time = tick.time.nanoseconds
        gather(target, inputs, at: time, place: place) { _, _, _ in }
        // A second observation of the target at the same time needs values of its own.
        for cell in cells(of: target) where members[cell].heldAt == time { members[cell].heldAt = time - 1 }
    }
}
