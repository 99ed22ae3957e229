// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Turns observations into forecasts: a deterministic state machine without input or output, clock or
/// threads.
///
/// The same plan and the same calls give the same results, bit for bit on the same machine.
///
/// A turn is any number of `accept` calls, as long as `isFull` is false, then `advance` until it returns
/// false. Each `advance` takes one batch of streams one tick further; its forecasts can be read until the
/// next one. A stream's forecasts come in the order of its observations.
public struct ForecastEngine: ~Copyable {
    /// What the engine does.
    public let plan: ForecastPlan
    /// Streams that were reset so far because their state became non-finite.
    public private(set) var resetCount: UInt64 = 0

    private var streams: StreamTable
    private let quota: StreamQuota
    private var records: [StreamRecord] = []
    private var runners: [ModelRunner] = []
    private var queue: WaveQueue
    private var group: [WaveQueue.Entry] = []
    private var forecasts: [Forecast] = []
    private var yhat: [Double]
    private let maximumHorizon: Int
    /// Per rule: the least weight of the newest value in the rolling statistics.
    private let leastWeights: [Double]
    /// Per rule: ticks before the status is `ok`.
    private let warmups: [Int]
    private var turn: UInt64 = 1

    /// Makes an engine that knows no stream yet.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - seed: Makes the placing of stream ids in memory unpredictable to senders; results do not depend
    ///     on it.
    ///   - quota: What several engines share; an engine alone takes `plan.streamsLimit`.
    public init(plan: ForecastPlan, seed: UInt64, quota: StreamQuota? = nil) {
        self.plan = plan
        self.quota = quota ?? StreamQuota(limit: plan.streamsLimit)
        streams = StreamTable(capacity: plan.streamsLimit, seed: seed)
        records.reserveCapacity(plan.streamsLimit)
        runners = plan.models.map {
            ModelRunner(model: $0, streamsLimit: plan.streamsLimit, batchLimit: plan.batchLimit)
        }
        queue = WaveQueue(capacity: plan.batchLimit, modelCount: plan.models.count)
        group.reserveCapacity(plan.batchLimit)
        forecasts.reserveCapacity(plan.batchLimit)
        maximumHorizon = plan.rules.map(\.horizon).max() ?? 1
        yhat = [Double](repeating: 0, count: plan.batchLimit * maximumHorizon)
        leastWeights = plan.rules.map {
            guard case .rolling(let halfLife) = $0.scaling else { return 1 }
            return RollingStatistics.weight(halfLife: halfLife)
        }
        warmups = plan.rules.map { plan.warmup(of: $0) }
    }

    /// Streams known so far.
    public var streamCount: Int { streams.count }

    /// Whether `advance` must be called before the next `accept`.
    public var isFull: Bool { queue.isFull }

    /// Takes in one observation of the stream `identifier`, or says why not.
    ///
    /// - Parameters:
    ///   - observation: Time and value, the value finite.
    ///   - identifier: The stream's id, valid.
    ///   - now: The clock's time.
    /// - Precondition: `isFull` is false.
    public mutating func accept(
        _ observation: Observation, of identifier: RawSpan, at now: Timestamp
    ) -> Refusal? {
        precondition(observation.value.isFinite, "a value that is not finite is no observation")
        if let slot = streams.slot(of: identifier) {
            return accept(observation, slot: slot, at: now)
        }
        guard let rule = plan.rules.firstIndex(where: { $0.match.matches(identifier) }) else {
            return .unmatched
        }
        guard streams.count < streams.capacity, !quota.isUsedUp else { return .streamsLimit }
        guard observation.isTimedByArrival || !isAhead(observation.time, rule: rule, now: now) else {
            return .ahead
        }
        guard quota.take() else { return .streamsLimit }
        let slot = streams.insert(identifier)
        records.append(StreamRecord(rule: rule, newest: observation))
        enqueue(observation, slot: slot)
        return nil
    }

    private mutating func accept(_ observation: Observation, slot: UInt32, at now: Timestamp) -> Refusal? {
        let record = records[Int(slot)]
        var observation = observation
        if observation.isTimedByArrival {
            observation.time = max(observation.time, record.newest.time)
        } else {
            guard observation.time >= record.newest.time else { return .late }
            guard observation != record.newest else { return .duplicate }
            guard !isAhead(observation.time, rule: record.rule, now: now) else { return .ahead }
        }
        enqueue(observation, slot: slot)
        return nil
    }

    private func isAhead(_ time: Timestamp, rule: Int, now: Timestamp) -> Bool {
        let (limit, overflow) = now.nanoseconds.addingReportingOverflow(plan.rules[rule].maximumSkew)
        return !overflow && time.nanoseconds > limit
    }

    private mutating func enqueue(_ observation: Observation, slot: UInt32) {
        let index = Int(slot)
        if records[index].turn != turn {
            records[index].turn = turn
            records[index].waves = 0
        }
        let model = plan.rules[records[index].rule].model
        queue.append(observation, slot: slot, wave: records[index].waves, model: model)
        records[index].waves += 1
        records[index].newest = observation
        runners[model].prefetch(slot: slot)
    }

    /// Takes the next batch of waiting streams one tick further.
    ///
    /// - Parameter now: The clock's time.
    /// - Returns: Whether there was one; its forecasts are then `0..<forecastCount`.
    public mutating func advance(at now: Timestamp) -> Bool {
        guard let model = queue.takeGroup(into: &group) else {
            turn += 1
            return false
        }
        let runner = runners[model]
        fillBatch(of: runner)
        let isFinite = runner.advance()
        beginForecasts(of: runner, at: now)
        if !isFinite { resetNonFinite(of: runner) }
        readOut(of: runner)
        return true
    }

    /// Forecasts of the newest batch.
    public var forecastCount: Int { forecasts.count }

    /// The `index`-th forecast of the newest batch, without its values.
    public func forecast(at index: Int) -> Forecast { forecasts[index] }

    /// The values of the `index`-th forecast of the newest batch, one per tick ahead, in the stream's unit.
    ///
    /// NaN where there is none, because the model gave nothing finite.
    @_lifetime(borrow self)
    public func yhat(at index: Int) -> Span<Double> {
        let horizon = plan.rules[forecasts[index].rule].horizon
        let start = index * maximumHorizon
        return yhat.span.extracting(start..<start + horizon)
    }

    /// The id of the stream in `slot`.
    @_lifetime(borrow self)
    public func identifier(of slot: UInt32) -> RawSpan { streams.identifier(of: slot) }
}

extension ForecastEngine {
    /// Scales the group's values and hands them to the model.
    private mutating func fillBatch(of runner: ModelRunner) {
        runner.beginBatch()
        for entry in group {
            let index = Int(entry.slot)
            let scale = scale(for: entry)
            runner.append(
                ModelRunner.BatchStream(
                    slot: entry.slot, tick: records[index].ticks, value: entry.observation.value,
                    scale: scale))
            records[index].ticks += 1
            records[index].sequence += 1
        }
    }

    private mutating func scale(for entry: WaveQueue.Entry) -> Scale {
        let index = Int(entry.slot)
        let rule = records[index].rule
        switch plan.rules[rule].scaling {
        case .none:
            return Scale(mean: 0, deviation: 1, limit: .infinity)
        case .fixed(let mean, let deviation):
            return Scale(mean: mean, deviation: deviation, limit: .infinity)
        case .rolling:
            let value = entry.observation.value
            if !records[index].statistics.update(with: value, weight: leastWeights[rule]) {
                // Squares of such values overflow: NaN reaches the model, and the stream is reset.
                return Scale(mean: .nan, deviation: 1, limit: 8)
            }
            return records[index].statistics.scale
        }
    }

    private mutating func beginForecasts(of runner: ModelRunner, at now: Timestamp) {
        forecasts.removeAll(keepingCapacity: true)
        for (index, entry) in group.enumerated() {
            let record = records[Int(entry.slot)]
            let warmup = warmups[record.rule]
            let warmth = warmup == 0 ? 1 : min(1, Double(record.ticks) / Double(warmup))
            forecasts.append(
                Forecast(
                    slot: entry.slot, rule: record.rule, time: entry.observation.time,
                    value: entry.observation.value, status: warmth < 1 ? .warming : .ok, warmth: warmth,
                    sequence: record.sequence, age: now.seconds(since: entry.observation.time),
                    resolution: 1e-4 * runner.batch[index].scale.deviation))
        }
    }

    /// Lets the streams of the batch whose state is not finite any more begin anew.
    private mutating func resetNonFinite(of runner: ModelRunner) {
        for index in forecasts.indices where !runner.isFinite(index) {
            let slot = forecasts[index].slot
            runner.reset(slot: slot)
            records[Int(slot)].ticks = 0
            records[Int(slot)].statistics = RollingStatistics()
            forecasts[index].status = .reset
            forecasts[index].warmth = 0
            resetCount += 1
        }
    }

    /// Writes the forecast values of the batch: the model's outputs, or recursion on a copy of its state.
    private mutating func readOut(of runner: ModelRunner) {
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
            let isKnown = value.isFinite && forecasts[index].status != .reset
            yhat[index * maximumHorizon + step] = isKnown ? value : .nan
        }
    }
}
