// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// One batch on its way through the model.
extension ForecastEngine {
    /// Scales the group's values and hands them to the model.
    mutating func fillBatch(of runner: ModelRunner) {
        runner.beginBatch()
        for place in group.indices {
            let index = Int(group[place].slot)
            if plan.rules[records[index].rule].time.reviseLimit > 0 {
                keepState(before: group[place].tick, slot: group[place].slot, of: runner)
            }
            if group[place].tick.source != .observed { impute(place) }
            let entry = group[place]
            begin(entry, of: runner)
            keep(entry)
            let scale = scale(for: entry)
            let stream = ModelRunner.BatchStream(
                slot: entry.slot, tick: records[index].ticks, value: entry.tick.value, scale: scale)
            if hasInputs(entry.slot) { completeVector(entry, scale: scale) }
            if runner.inputSize > 1 {
                runner.append(stream, vector: joins.vector, scales: joins.scales)
            } else {
                runner.append(stream)
            }
            records[index].ticks += 1
            if entry.tick.revision != .heldBack { records[index].sequence += 1 }
        }
    }

    /// The scale in force for a stream before its next tick.
    func currentScale(of slot: UInt32) -> Scale {
        let record = records[Int(slot)]
        switch plan.rules[record.rule].scaling {
        case .none, .fixed: return Scale(fixed: plan.rules[record.rule].scaling)
        case .rolling, .window:
            return record.statistics.isFinite ? record.statistics.scale : .overflown
        }
    }

    /// The scale in force with a tick, which the stream's window has already.
    private mutating func scale(for entry: WaveQueue.Entry) -> Scale {
        let index = Int(entry.slot)
        // What stands in for a value says nothing of the stream's mean and deviation.
        guard entry.tick.source == .observed else { return currentScale(of: entry.slot) }
        let rule = records[index].rule
        switch plan.rules[rule].scaling {
        case .none, .fixed: break
        case .rolling:
            _ = records[index].statistics.update(with: entry.tick.value, weight: leastWeights[rule])
        case .window:
            let moments = windows[slot: entry.slot, rule: rule].allMoments
            // One value has no deviation: after a gap that emptied the window, the scale is kept until there are two.
            if moments.count > 1 || records[index].statistics.count == 0 {
                records[index].statistics = RollingStatistics(moments)
            }
        }
        return currentScale(of: entry.slot)
    }

    mutating func beginForecasts(of runner: ModelRunner, at now: Timestamp) {
        forecasts.removeAll(keepingCapacity: true)
        for (index, entry) in group.enumerated() {
            let warmth = warmth(of: entry.slot)
            let status: Forecast.Status =
                entry.tick.beginning == .state ? .reset : warmth < 1 ? .warming : .ok
            append(entry.tick, slot: entry.slot, status: status, warmth: warmth, at: now)
            forecasts[index].resolution = 1e-4 * runner.batch[index].scale.deviation
            if hasJoins { countMissing(entry, index) }
        }
    }

    /// Says of the streams in the group that their values no longer come.
    mutating func announceStale(at now: Timestamp) {
        forecasts.removeAll(keepingCapacity: true)
        for entry in group {
            timeCounts.stale += 1
            noteGap(.stale, entry.tick, slot: entry.slot)
            records[Int(entry.slot)].sequence += 1
            for step in 0..<maximumHorizon { yhat[forecasts.count * maximumHorizon + step] = .nan }
            forgetMargins(forecasts.count)
            append(
                entry.tick, slot: entry.slot, status: .stale, warmth: warmth(of: entry.slot), at: now)
            noteScore(forecasts.count - 1)
            endAlarm(forecasts.count - 1, slot: entry.slot)
        }
    }

    private mutating func append(
        _ tick: Tick, slot: UInt32, status: Forecast.Status, warmth: Double, at now: Timestamp
    ) {
        let record = records[Int(slot)]
        forecasts.append(
            Forecast(
                slot: slot, rule: record.rule, time: tick.time, value: tick.value, status: status,
                warmth: warmth, sequence: record.sequence, age: now.seconds(since: tick.time),
                period: tick.period, isImputed: tick.source != .observed, gap: tick.gap,
                isReset: tick.beginning != .none))
    }

    func warmth(of slot: UInt32) -> Double {
        let warmup = warmups[records[Int(slot)].rule]
        return warmup == 0 ? 1 : min(1, Double(records[Int(slot)].ticks) / Double(warmup))
    }

    /// Lets the streams of the batch whose state is not finite any more begin anew.
    mutating func resetNonFinite(of runner: ModelRunner) {
        for index in forecasts.indices where !runner.isFinite(index) {
            let slot = forecasts[index].slot
            runner.reset(slot: slot)
            records[Int(slot)].ticks = 0
            records[Int(slot)].statistics = RollingStatistics()
            if hasJoins { joins.resetStatistics(of: slot) }
            let rule = records[Int(slot)].rule
            if plan.rules[rule].time.windowLength > 0 { windows[slot: slot, rule: rule].removeAll() }
            forecasts[index].status = .reset
            forecasts[index].warmth = 0
            forecasts[index].isReset = true
            guard group[index].tick.revision == .none else { continue }
            resetCount += 1
            note(.notFinite, slot, to: group[index].tick.time, value: group[index].tick.value)
        }
    }

    /// Writes the forecast values of the batch: the model's outputs, or recursion on a copy of its state.
    mutating func readOut(of runner: ModelRunner) {
        var horizon = 0
        for forecast in forecasts { horizon = max(horizon, plan.rules[forecast.rule].horizon) }
        let outputCount = min(horizon, runner.outputSize)
        for step in 0..<outputCount { readOut(of: runner, output: step, step: step) }
        guard horizon > outputCount else { return }
        runner.beginTrial()
        for step in outputCount..<horizon {
            runner.advanceTrial()
            readOut(of: runner, output: 0, step: step)
        }
    }

    private mutating func readOut(of runner: ModelRunner, output: Int, step: Int) {
        for (index, stream) in runner.batch.enumerated() {
            let origin =
                switch runner.model.target {
                case .value: stream.scale.mean
                case .difference: stream.value
                }
            let value = origin + stream.scale.deviation * Double(runner.prediction(output, of: index))
            // A stream without warmth lost its state at this very tick.
            let isKnown = value.isFinite && forecasts[index].warmth > 0
            yhat[index * maximumHorizon + step] = isKnown ? value : .nan
            guard step == 0 else { continue }
            let slot = Int(forecasts[index].slot)
            records[slot].modelValue = isKnown ? value : .nan
            records[slot].nextValue = records[slot].modelValue
        }
    }
}
