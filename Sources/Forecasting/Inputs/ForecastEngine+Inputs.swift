// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Streams that are inputs of others: how they find their targets.
extension ForecastEngine {
    /// As `accept` for a stream with a slot, where streams may be inputs of others.
    ///
    /// - Returns: The first reason why it was not taken, if neither the stream's own rule nor any target took it.
    mutating func acceptMember(
        _ observation: Observation, slot: UInt32, of identifier: RawSpan, isCopy: Bool, at now: Timestamp
    ) -> Refusal? {
        let index = Int(slot)
        var refusal: Refusal?
        var isTaken = false
        if records[index].rule >= 0 {
            refusal = self.refusal(of: observation.value, rule: records[index].rule)
            if refusal != nil { return refusal }
        }
        if records[index].rule >= 0 && !isCopy {
            refusal =
                joins.streams[index].isAwaited
                ? acceptAwaited(observation, slot: slot, of: identifier, at: now)
                : accept(observation, slot: slot, at: now)
            isTaken = refusal == nil
        }
        let ownRefusal = refusal
        if records[index].rule < 0 && !joins.streams[index].hasCome { memberCount += 1 }
        joins.streams[index].remember(observation)
        var cell = Int(joins.streams[index].first) - 1
        while cell >= 0 {
            let target = UInt32(cell / joins.width)
            if let reason = feed(observation, from: slot, to: target, at: now) {
                refusal = refusal ?? reason
            } else {
                isTaken = true
            }
            cell = Int(joins.members[cell].next) - 1
        }
        guard isTaken else { return refusal }
        // The stream's own account says why it has no forecast of what a target took.
        if let ownRefusal { refusalCounts.count(ownRefusal, slot: slot) }
        return nil
    }

    /// Takes in the first observation of a stream that no rule forecasts here, if it may become an input.
    mutating func acceptNewMember(
        _ observation: Observation, of identifier: RawSpan, isCopy: Bool, at now: Timestamp
    ) -> Refusal? {
        guard isCopy || plan.isMember(identifier) else { return .unmatched }
        let rule = plan.rule(of: identifier)
        if let rule, let refusal = refusal(of: observation.value, rule: rule) { return refusal }
        // A copy has its place in the quota by the engine that forecasts it.
        guard streams.count < streams.capacity, isCopy || quota.take(1) else { return .streamsLimit }
        if rule == nil { memberCount += 1 }
        joins.streams[Int(insertAwaited(identifier))].remember(observation)
        return nil
    }

    /// Gives a stream a slot that has not come, or comes as a copy.
    private mutating func insertAwaited(_ identifier: RawSpan) -> UInt32 {
        let slot = insert(identifier, rule: plan.rule(of: identifier) ?? -1)
        joins.streams[Int(slot)].isAwaited = true
        return slot
    }

    /// Takes in the first observation of a stream that has its slot because a target waits for it.
    private mutating func acceptAwaited(
        _ observation: Observation, slot: UInt32, of identifier: RawSpan, at now: Timestamp
    ) -> Refusal? {
        let rule = records[Int(slot)].rule
        if let refusal = refusal(ofFirst: observation, rule: rule, now: now) { return refusal }
        let places = newMemberCount(of: identifier, rule: rule)
        guard hasRoom(for: places), quota.take(places) else { return .streamsLimit }
        joins.streams[Int(slot)].isAwaited = false
        begin(observation, slot: slot, of: identifier, at: now)
        return nil
    }

    /// Members of a target that have no slot yet.
    func newMemberCount(of identifier: RawSpan, rule: Int) -> Int {
        guard plan.rules[rule].inputs != nil else { return 0 }
        let own = identifier.withUnsafeBytes { Array($0) }
        let members = Set(plan.memberIdentifiers(of: identifier, rule: rule).map(\.identifier))
        return members.count { $0 != own && streams.slot(of: $0.span.bytes) == nil }
    }

    /// Makes the members of a target known, if its rule has any, and what came of them before.
    mutating func join(_ slot: UInt32, of identifier: RawSpan, at now: Timestamp) {
        let rule = records[Int(slot)].rule
        guard plan.rules[rule].inputs != nil else { return }
        joins.begin(slot)
        let members = plan.memberIdentifiers(of: identifier, rule: rule)
        for (input, member) in members {
            let stream = streams.slot(of: member.span.bytes) ?? insertAwaited(member.span.bytes)
            let targetCount = joins.link(stream, target: slot, input: input)
            backlog.reserveCapacity(1 + targetCount)
        }
        for (input, _) in members { feedKnown(to: slot, input: input, at: now) }
    }

    /// Gives a target that begins the last observation of a member that came before.
    private mutating func feedKnown(to target: UInt32, input: Int, at now: Timestamp) {
        let record = records[Int(target)]
        let stream = joins.members[Int(target) * joins.width + input].stream - 1
        let known = joins.streams[Int(stream)]
        guard known.hasCome, Grid.range.contains(known.newest.time) else { return }
        guard known.newest.isTimedByArrival || !isAhead(known.newest.time, rule: record.rule, now: now)
        else { return }
        guard record.resampler.isOnGrid else {
            _ = joins.takeEvent(
                known.newest, from: stream, to: target, newest: record.resampler.newest.time)
            return
        }
        joins.take(known.newest, from: stream, to: target)
        settle(target)
    }

    /// Gives a target an observation of one of its members, or says why not.
    private mutating func feed(
        _ observation: Observation, from stream: UInt32, to target: UInt32, at now: Timestamp
    ) -> Refusal? {
        let index = Int(target)
        preserve(target)
        guard observation.isTimedByArrival || !isAhead(observation.time, rule: records[index].rule, now: now)
        else { return .ahead }
        let resampler = records[index].resampler
        var observation = observation
        var refusal: Refusal?
        if resampler.isOnGrid {
            if observation.isTimedByArrival {
                observation.time = max(observation.time, resampler.grid.start(of: resampler.closing + 1))
            }
            refusal = joins.refusal(of: observation, from: stream, to: target, resampler)
            if refusal != nil { return refusal }
            joins.take(observation, from: stream, to: target)
            close(target)
        } else {
            refusal =
                Grid.refusal(of: observation.time)
                ?? joins.takeEvent(observation, from: stream, to: target, newest: resampler.newest.time)
        }
        pull(target)
        return refusal
    }
}

// Streams that have inputs: how their ticks get them.
extension ForecastEngine {
    /// Whether the stream in `slot` has come and is forecast here, rather than being but an input of others.
    public func isForecast(_ slot: UInt32) -> Bool {
        records[Int(slot)].rule >= 0 && !(hasJoins && joins.streams[Int(slot)].isAwaited)
    }

    /// Whether other streams, or the calendar, are inputs beside the stream's own value.
    func hasInputs(_ slot: UInt32) -> Bool {
        hasJoins && plan.rules[records[Int(slot)].rule].inputs != nil
    }

    /// Queues the vectors of a stream without a grid whose members have come, or are waited for no longer.
    mutating func pullVectors(_ slot: UInt32) {
        while !queue.isFull {
            guard let tick = joins.nextEvent(of: slot) else { return schedule(slot) }
            enqueue(tick, slot: slot)
        }
        backlog.append(slot)
    }

    /// Puts a member's observation into its tick, when all that it closes are made.
    mutating func settle(_ slot: UInt32) {
        let record = records[Int(slot)]
        guard record.resampler.isOnGrid, let inputs = plan.rules[record.rule].inputs else { return }
        joins.settle(slot, inputs, plan.rules[record.rule].time, record.resampler)
    }

    /// Gathers the members' values for a tick that is about to be queued.
    mutating func collect(_ tick: Tick, slot: UInt32) {
        let record = records[Int(slot)]
        guard let inputs = plan.rules[record.rule].inputs else { return }
        if record.resampler.isOnGrid {
            joins.collect(tick, of: slot, inputs, grid: record.resampler.grid, place: queue.count)
        } else {
            joins.collectEvent(tick, of: slot, inputs, place: queue.count)
        }
    }

    /// Makes the vector of a tick whose step has come.
    mutating func completeVector(_ entry: WaveQueue.Entry, scale: Scale) {
        let rule = records[Int(entry.slot)].rule
        guard let inputs = plan.rules[rule].inputs else { return }
        joins.complete(entry, inputs, scale: scale, weight: leastWeights[rule])
        if plan.rules[rule].time.windowLength > 0 { joins.keep(entry) }
    }

    /// Makes the scales of a target's inputs those in force before its next tick.
    mutating func loadScales(of slot: UInt32, target scale: Scale) {
        guard let inputs = plan.rules[records[Int(slot)].rule].inputs else { return }
        joins.loadScales(of: slot, inputs, scale: scale)
    }

    /// Says in a forecast how many members' values are missing.
    mutating func countMissing(_ entry: WaveQueue.Entry, _ forecast: Int) {
        guard plan.rules[forecasts[forecast].rule].inputs != nil else { return }
        forecasts[forecast].missingInputs = joins.missing[Int(entry.place)].nonzeroBitCount
    }
}
