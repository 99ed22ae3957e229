// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// An engine that takes over the streams of one before it, which follows another plan.
extension ForecastEngine {
    /// Takes over the streams of `old`, as `succession` says; gives how many streams of each kind there were.
    ///
    /// What goes on unchanged does the same from now on as it would have done in `old`, bit for bit. Where all streams go
    /// on, what adapts them and their near past is taken as a whole; of the rest each stream costs a copy of its memory,
    /// and a run over its window where it is warmed anew. `old` is of no use afterwards.
    ///
    /// - Precondition: No stream has come here; the turn of `old` is over, and no copy of it is being taken; neither plan
    ///   joins or relates streams.
    package mutating func takeOver(
        _ old: inout ForecastEngine, by succession: Succession, at now: Timestamp
    ) -> [StreamChange: Int] {
        precondition(streams.count == 0, "streams are taken over by an engine without streams")
        precondition(
            Succession.isPossible(from: old.plan, to: plan),
            "streams that are joined or related are not handed over")
        precondition(
            old.queue.isEmpty && old.backlog.isEmpty && !old.isCopying,
            "streams are handed over between turns")
        counts = old.counts
        if let shelf = old.shelf { use(shelf) }
        swap(&spilled, &old.spilled)
        swap(&producers, &old.producers)
        swap(&decisions, &old.decisions)
        decisions.clock = now
        (forecastStreamCount, useCount) = (spilled.count, old.useCount)
        carry(from: old)
        let slots = (0..<UInt32(old.streams.slotCount)).filter { old.streams.isUsed($0) }
        let rules = slots.map { succession.rule(of: old.streams.identifier(of: $0)) }
        let ways = zip(slots, rules).map { (from: old.records[Int($0)].rule, to: $1) }
        let isWhole =
            slots.count == old.streams.slotCount
            && ways.allSatisfy { ![.reset, .removed].contains(succession.change(from: $0.from, to: $0.to)) }
            && hasRoom(for: ways.count) && quota.take(ways.count)
        let hasTraces = isWhole && takeTables(of: &old, by: succession, ways.map { ($0.from, $0.to!) })
        var changes: [StreamChange: Int] = [:]
        for (slot, rule) in zip(slots, rules) {
            let change = take(
                slot, of: old, by: succession, rule, isWhole: isWhole, hasTraces: hasTraces)
            changes[change, default: 0] += 1
            if change != .unchanged { note(change, slot, of: old, by: succession, rule) }
        }
        for (rule, source) in succession.poolSources.enumerated() {
            if let source, let pool = old.adaptive[source] { adaptive[rule]?.takePool(of: pool) }
        }
        return changes
    }

    /// Remembers whose numbers `old` carried and who has not come since.
    private mutating func carry(from old: borrowing ForecastEngine) {
        carried = CarriedNumbers(capacity: old.streams.count + old.carried.count, seed: streams.seed)
        for slot in 0..<UInt32(old.carried.count) {
            let identifier = old.carried.streams.identifier(of: slot)
            if old.slot(of: identifier) == nil { carried.keep(identifier, old.carried[slot]) }
        }
    }

    /// Takes tables as a whole, where all streams keep their slots; says whether that of traces is one of them.
    ///
    /// - Parameter ways: By slot: the rules that streams followed, and follow from now on.
    private mutating func takeTables(
        of old: inout ForecastEngine, by succession: Succession, _ ways: [(from: Int, to: Int)]
    ) -> Bool {
        for (rule, source) in succession.poolSources.enumerated() {
            guard let source, ways.allSatisfy({ $0.from != source || $0.to == rule }) else { continue }
            adaptive[rule] = old.adaptive[source]
        }
        return ways.allSatisfy { traces.layouts[$0.to] == old.traces.layouts[$0.from] }
            && traces.takeAll(of: &old.traces)
    }

    private mutating func take(
        _ slot: UInt32, of old: borrowing ForecastEngine, by succession: Succession, _ rule: Int?,
        isWhole: Bool, hasTraces: Bool
    ) -> StreamChange {
        let record = old.records[Int(slot)]
        let identifier = old.streams.identifier(of: slot)
        let change = succession.change(from: record.rule, to: rule)
        guard let rule, change != .reset, isWhole || hasRoom(for: 1) && quota.take(1) else {
            leave(slot, of: old)
            carried.keep(
                identifier,
                CarriedNumbers.Numbers(
                    sequence: record.sequence, alarmChanges: old.alarm(of: slot)?.changes ?? 0))
            return rule == nil ? .removed : .reset
        }
        let place = insert(identifier, rule: rule)
        records[Int(place)] = record
        records[Int(place)].rule = rule
        forecastStreamCount += 1
        watchUse(of: place)
        takeLine(of: slot, from: old, to: place)
        if !hasTraces { takeTrace(of: slot, from: old, to: place) }
        if change == .rewarmed {
            beginModel(of: slot, from: old, to: place)
        } else {
            takeModel(of: slot, from: old, to: place)
        }
        if let time = anyDeadline(of: place) { deadlines.require(place, by: time) }
        return change
    }

    /// Takes note of what became of a stream.
    private mutating func note(
        _ change: StreamChange, _ slot: UInt32, of old: borrowing ForecastEngine, by succession: Succession,
        _ rule: Int?
    ) {
        let record = old.records[Int(slot)]
        let time = record.resampler.newest.time
        decisions.note(
            .reloaded(change, succession.difference(from: record.rule, to: rule)),
            of: old.streams.identifier(of: slot), from: time, to: time, value: .nan, .none)
    }

    /// Lets a stream that begins anew count its forecasts on.
    mutating func goOn(with numbers: CarriedNumbers.Numbers, slot: UInt32, rule: Int) {
        records[Int(slot)].sequence = numbers.sequence
        if watches.detectors[rule] != nil {
            watches.anomalies[Int(slot)].alarm = AlarmState(changes: numbers.alarmChanges)
        }
    }

    /// Counts what ends with a stream, or with what is known of its model.
    private mutating func leave(_ slot: UInt32, of old: borrowing ForecastEngine) {
        if old.alarm(of: slot)?.isOn == true { watches.counts.alarmsEnded += 1 }
        if old.watches.drifts[Int(slot)].isDrifting { watches.counts.driftsEnded += 1 }
    }

    /// The alarm of a stream; nil where none is looked for.
    private func alarm(of slot: UInt32) -> AlarmState? {
        watches.detectors[records[Int(slot)].rule] == nil ? nil : watches.anomalies[Int(slot)].alarm
    }

    /// Takes what says how values become ticks: the same policy of time stands in both rules.
    private mutating func takeLine(of slot: UInt32, from old: borrowing ForecastEngine, to place: UInt32) {
        let (row, source) = (Int(place), Int(slot))
        let (rule, oldRule) = (records[row].rule, old.records[source].rule)
        let policy = plan.rules[rule].time
        Self.copy(old.refusalCounts.bytes(of: source), to: refusalCounts.bytes(of: row))
        if records[row].resampler.isOnGrid {
            openTicks.take(
                row: source, of: old.openTicks, to: row, grid: Grid(period: records[row].resampler.period))
        }
        if policy.windowLength > 0 {
            Self.copy(old.windows.bytes(of: slot, rule: oldRule), to: windows.bytes(of: place, rule: rule))
        }
        if policy.every == .auto {
            Self.copy(
                old.differences.bytes(of: source..<source + 1), to: differences.bytes(of: row..<row + 1))
        }
        if policy.reorders {
            let (from, to) = (old.held.bytes(of: source), held.bytes(of: row))
            Self.copy(from.ring, to: to.ring)
            Self.copy(from.held, to: to.held)
        }
        if plan.rules[rule].values.needsLastValue && old.plan.rules[oldRule].values.needsLastValue {
            lastValues[row] = old.lastValues[source]
        }
    }

    /// Takes the near past that is drawn, if it looks the same under both rules.
    private mutating func takeTrace(of slot: UInt32, from old: borrowing ForecastEngine, to place: UInt32) {
        let (rule, oldRule) = (records[Int(place)].rule, old.records[Int(slot)].rule)
        guard traces.length > 0, traces.layouts[rule] == old.traces.layouts[oldRule] else { return }
        Self.copy(old.traces.bytes(of: slot, rule: oldRule), to: traces.bytes(of: place, rule: rule))
        let row = traces.row(place, rule: rule)
        var head = row.head
        if head.change > 0 { head.change = traces.countChange() }
        row.head = head
    }

    /// Takes the model's state and all that was learned of its forecasts, as far as both rules have it.
    private mutating func takeModel(of slot: UInt32, from old: borrowing ForecastEngine, to place: UInt32) {
        let (row, source) = (Int(place), Int(slot))
        let (rule, oldRule) = (records[row].rule, old.records[source].rule)
        let (runner, oldRunner) = (
            runners[plan.rules[rule].model], old.runners[old.plan.rules[oldRule].model]
        )
        Self.copy(oldRunner.bytes(of: slot), to: runner.bytes(of: place))
        takeScale(from: old.plan.rules[oldRule].scaling, place)
        if let forecaster = adaptive[rule], let oldForecaster = old.adaptive[oldRule],
            forecaster !== oldForecaster, forecaster.adaptation == oldForecaster.adaptation
        {
            Self.copy(oldForecaster.bytes(of: source), to: forecaster.bytes(of: row))
            forecaster.adopt(row: row)
        }
        if watches.detectors[rule] != nil && old.watches.detectors[oldRule] != nil {
            watches.anomalies[row] = old.watches.anomalies[source]
        } else if old.alarm(of: slot)?.isOn == true {
            watches.counts.alarmsEnded += 1
        }
        watches.drifts[row] = old.watches.drifts[source]
        if plan.rules[rule].time.reviseLimit > 0 {
            checkpoints.take(slot, of: old.checkpoints, to: place)
            for (from, to) in checkpoints.pairs(slot, of: old.checkpoints, to: place) {
                guard let state = oldRunner.bytes(ofCheckpoint: from) else { break }
                Self.copy(state, to: runner.bytes(ofCheckpoint: to)!)
            }
        }
    }

    /// Lets another model begin, from zero and over the stream's window, with nothing known of its forecasts.
    private mutating func beginModel(of slot: UInt32, from old: borrowing ForecastEngine, to place: UInt32) {
        let (row, source) = (Int(place), Int(slot))
        let (rule, oldRule) = (records[row].rule, old.records[source].rule)
        let (runner, oldRunner) = (
            runners[plan.rules[rule].model], old.runners[old.plan.rules[oldRule].model]
        )
        takeScale(from: old.plan.rules[oldRule].scaling, place)
        if old.watches.drifts[source].isDrifting { watches.counts.driftsEnded += 1 }
        if watches.detectors[rule] != nil, let alarm = old.alarm(of: slot) {
            watches.anomalies[row].alarm = alarm
        } else if old.alarm(of: slot)?.isOn == true {
            watches.counts.alarmsEnded += 1
        }
        if case .window = runner.model.mode, runner.model.mode == oldRunner.model.mode {
            // What the model is run over are the stream's own values.
            Self.copy(oldRunner.bytes(of: slot), to: runner.bytes(of: place))
        } else if plan.rules[rule].time.windowLength > 0 {
            rewarm(place, of: runner)
        } else {
            records[row].ticks = 0
        }
    }

    /// Takes a scale from the stream's window, where its rule had none of the stream's own before.
    private mutating func takeScale(from old: Scaling, _ place: UInt32) {
        let rule = records[Int(place)].rule
        guard plan.rules[rule].scaling.followsValues, !old.followsValues else { return }
        let window = windows[slot: place, rule: rule]
        var statistics = RollingStatistics()
        if plan.rules[rule].scaling == .window {
            statistics = RollingStatistics(window.allMoments)
        } else {
            for back in stride(from: window.count, to: 0, by: -1) where window.isObserved(back: back) {
                _ = statistics.update(with: window.value(back: back), weight: leastWeights[rule])
            }
        }
        records[Int(place)].statistics = statistics
    }

    private static func copy(
        _ source: UnsafeMutableRawBufferPointer, to target: UnsafeMutableRawBufferPointer
    ) {
        precondition(source.count == target.count, "what is taken over has the same layout")
        target.copyMemory(from: UnsafeRawBufferPointer(source))
    }
}
