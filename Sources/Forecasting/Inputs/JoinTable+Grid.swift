// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Members on their target's grid.
extension JoinTable {
    /// Why an observation does not fit into a target's open ticks, if it does not.
    func refusal(
        of observation: Observation, from stream: UInt32, to target: UInt32, _ resampler: Resampler
    ) -> Refusal? {
        if let refusal = Grid.refusal(of: observation.time) { return refusal }
        let tick = resampler.grid.tick(of: observation.time)
        guard tick > resampler.closing else { return .late }
        for cell in cells(of: target) where members[cell].stream == stream + 1 {
            let open = openTicks[cell, placeOf: tick]
            let isAgain = open.count > 0 && open.newest == observation && !observation.isTimedByArrival
            return isAgain ? .duplicate : nil
        }
        return nil
    }

    /// Takes in an observation that was not refused; `settle` puts it into its tick.
    mutating func take(_ observation: Observation, from stream: UInt32, to target: UInt32) {
        for cell in cells(of: target) where members[cell].stream == stream + 1 {
            members[cell].newest = max(members[cell].newest, observation.time.nanoseconds)
        }
        targets[Int(target)].waiting = observation
        targets[Int(target)].waitingStream = stream
    }

    /// What all members have come up to, or those that are waited for; at most the target's newest time.
    func reach(of target: UInt32, newest: Timestamp, wait: Int64) -> Timestamp {
        var earliest = newest.nanoseconds
        for cell in cells(of: target) where members[cell].stream > 0 {
            earliest = min(earliest, members[cell].newest)
        }
        return Timestamp(nanoseconds: max(earliest, newest.nanoseconds - wait))
    }

    /// Puts the observation that waits into its tick, when all ticks that are closed are made.
    mutating func settle(
        _ target: UInt32, _ inputs: InputList, _ policy: TimePolicy, _ resampler: Resampler
    ) {
        if targets[Int(target)].isTurning { turn(target, inputs, resampler.grid) }
        guard let observation = targets[Int(target)].waiting else { return }
        targets[Int(target)].waiting = nil
        let tick = resampler.grid.tick(of: observation.time)
        for (input, cell) in zip(inputs.inputs, cells(of: target))
        where members[cell].stream == targets[Int(target)].waitingStream + 1 {
            guard case .member(_, _, let aggregate) = input.source else { continue }
            if tick <= resampler.closing {
                // What came before the target did.
                (members[cell].held, members[cell].heldAt) = (observation.value, tick)
            } else if tick - resampler.settled(policy) <= Int64(Self.openTicksLimit(policy)) {
                // The place may have one of a tick that was never made.
                hold(cell, place: tick, aggregate, resampler.grid, upTo: tick - 1)
                openTicks[cell, placeOf: tick].add(observation, aggregate: aggregate)
            } else if tick >= members[cell].beyondAt {
                (members[cell].beyond, members[cell].beyondAt) = (observation.value, tick)
            }
        }
    }

    /// Takes what came for an open tick as the value that is held, if that tick is `limit` at most.
    private mutating func hold(
        _ cell: Int, place: Int64, _ aggregate: TimePolicy.Aggregate, _ grid: Grid, upTo limit: Int64
    ) {
        let open = openTicks[cell, placeOf: place]
        guard open.count > 0 else { return }
        let tick = grid.tick(of: open.newest.time)
        guard tick <= limit else { return }
        let value = open.value(aggregate)
        if tick > members[cell].heldAt && value.isFinite {
            (members[cell].held, members[cell].heldAt) = (value, tick)
        }
        openTicks[cell, placeOf: place].count = 0
    }

    /// Lets all members begin anew, but for the last value known of each.
    private mutating func turn(_ target: UInt32, _ inputs: InputList, _ grid: Grid) {
        targets[Int(target)].isTurning = false
        targets[Int(target)].collected = .min
        for (input, cell) in zip(inputs.inputs, cells(of: target)) where members[cell].stream > 0 {
            guard case .member(_, _, let aggregate) = input.source else { continue }
            for place in 0..<Int64(openTicks.length) {
                hold(cell, place: place, aggregate, grid, upTo: .max)
            }
            reachBeyond(cell, upTo: .max)
            members[cell].newest = .min
            (members[cell].heldAt, members[cell].beyondAt) = (.min, .min)
        }
    }

    /// Gathers what the members have for a tick that is made, into the vector at a place of the queue.
    mutating func collect(
        _ tick: Tick, of target: UInt32, _ inputs: InputList, grid: Grid, place: Int
    ) {
        let number = grid.tick(of: tick.time)
        let length = Int64(openTicks.length)
        let collected = targets[Int(target)].collected
        let first = collected > number - length ? collected + 1 : number - length + 1
        targets[Int(target)].collected = number
        gather(target, inputs, at: number, place: place) { table, cell, aggregate in
            for tick in first...number { table.hold(cell, place: tick, aggregate, grid, upTo: tick) }
            table.reachBeyond(cell, upTo: number)
        }
    }

    /// Writes the members' values at a tick into a vector; `update` brings a cell's held value up to the tick.
    @inline(__always)
    mutating func gather(
        _ target: UInt32, _ inputs: InputList, at number: Int64, place: Int,
        _ update: (inout JoinTable, Int, TimePolicy.Aggregate) -> Void
    ) {
        var lost: UInt64 = 0
        for (index, input) in inputs.inputs.enumerated() {
            guard case .member(_, let fill, let aggregate) = input.source else { continue }
            let cell = Int(target) * width + index
            update(&self, cell, aggregate)
            let isMissing = members[cell].heldAt != number
            if isMissing { lost |= 1 << UInt64(index) }
            let isHeld = !isMissing || fill == .hold
            vectors[place * width + index] = isHeld ? members[cell].held : .nan
        }
        missing[place] = lost
    }

    /// Takes a value that lay beyond as the one that is held, once it lies there no more.
    mutating func reachBeyond(_ cell: Int, upTo place: Int64) {
        guard members[cell].beyondAt <= place else { return }
        if members[cell].beyondAt > members[cell].heldAt {
            (members[cell].held, members[cell].heldAt) = (members[cell].beyond, members[cell].beyondAt)
        }
        members[cell].beyondAt = .min
    }
}
