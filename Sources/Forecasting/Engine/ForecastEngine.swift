// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import RecurrentKernels

/// Turns observations into forecasts: a deterministic state machine without input or output, clock or
/// threads.
///
/// The same plan and the same calls give the same results, bit for bit on the same machine.
///
/// A turn is any number of `accept` calls, as long as `isFull` is false, then `advance` until it returns
/// false. Each `advance` takes one batch of streams one tick further; its forecasts can be read until the
/// next one. A stream's forecasts come in the order of its ticks. Between turns `passTime` says how late it is, for
/// streams that fell silent.
public struct ForecastEngine: ~Copyable {
    /// What the engine does.
    public let plan: ForecastPlan
    /// Streams that were reset so far because their state became non-finite.
    public internal(set) var resetCount: UInt64 = 0
    /// What happened on the streams' time lines so far.
    public internal(set) var timeCounts = TimeCounts()
    /// Streams that have come and are forecast here, those included whose state is on disk.
    public internal(set) var forecastStreamCount = 0
    /// Streams that have come, copies included, and are but inputs of others, because no rule forecasts them.
    public internal(set) var memberCount = 0

    var streams: StreamTable
    let quota: StreamQuota
    var records: [StreamRecord] = []
    var runners: [ModelRunner] = []
    var queue: WaveQueue
    var group: [WaveQueue.Entry] = []
    var forecasts: [Forecast] = []
    var yhat: [Double]
    let maximumHorizon: Int
    /// Per rule: the least weight of the newest value in the rolling statistics.
    let leastWeights: [Double]
    /// Per rule: ticks before the status is `ok`.
    let warmups: [Int]
    var turn: UInt64 = 1
    /// The ticks that may still get observations.
    var openTicks: OpenTickTable
    /// The last ticks of every stream whose rule keeps them.
    var windows: RollingWindowTable
    /// Times between the first observations of streams whose period is to be learned.
    var differences: WindowTable
    /// What streams were before their newest ticks, where late observations are still taken in.
    var checkpoints: CheckpointTable
    var deadlines: DeadlineQueue
    /// What adapts forecasts, per rule.
    var adaptive: [AdaptiveForecaster?]
    /// What streams are related; only for plans that relate some.
    var related: RelatedTable
    /// Margins of the batch's intervals, by forecast, level, side and tick ahead.
    var margins: [Double]
    let maximumLevelCount: Int
    /// What `recentScore` says of the batch's forecasts.
    var scores: [Double]
    let maximumScoreLength: Int
    /// What values are held against, to find anomalies and models that have become worse.
    var watches: WatchTable
    /// The streams' near past, for whoever looks.
    var traces: TraceTable
    /// Streams that have more ticks to make than the queue had room for.
    var backlog: [UInt32] = []
    /// Streams that are inputs of others; only for plans that have such.
    var joins: JoinTable
    let hasJoins: Bool
    /// Whether the observations of any rule that are ticks wait for earlier ones.
    let reorders: Bool
    /// Those that wait.
    var held: HeldObservations
    /// Observations that were not taken, by stream.
    var refusalCounts: RefusalTable
    /// Whether any rule takes some values for missing.
    let hasBadValues: Bool
    /// The last good values of streams whose values are held against it.
    var lastValues: SlotTable<LastValue>
    /// How far producers have come that number their messages, for whoever tells the engine what these hold.
    package var producers: ProducerNumbers
    /// The copy of the state that is being taken, if one is.
    var copy = StateCopy()
    /// Where streams go for which there is no room, or for which no value comes; nil if they have nowhere to go.
    var shelf: StreamShelf?
    /// Those that are there.
    var spilled: SpilledStreams
    /// An entry of the shelf, on its way there or back.
    var entry: ZeroPages
    /// The most bytes of one.
    var entryCapacity = 0
    /// When the shelf was last found full.
    var fullSince: Timestamp?
    /// Streams by their last use.
    var uses: DeadlineQueue
    /// Observations of all streams so far.
    var useCount: Int64 = 0
    /// Streams that are let go when no value comes, by when that is.
    var idle: DeadlineQueue
    /// What became of streams between their values.
    public internal(set) var lifecycleCounts = LifecycleCounts()
    /// What was decided for streams of late, for whoever asks why.
    var decisions: DecisionTable
    /// Numbers of streams that a reload let begin anew and that have not come since.
    var carried = CarriedNumbers(capacity: 1, seed: 0)

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
            ModelRunner(
                model: $0, streamsLimit: plan.streamsLimit, batchLimit: plan.batchLimit,
                checkpointCount: plan.checkpointCount)
        }
        // As long as it is not full there is a stream without a tick that waits, which can make room for another.
        let waiting = plan.spillLimit > 0 ? min(plan.batchLimit, plan.streamsLimit) : plan.batchLimit
        queue = WaveQueue(capacity: waiting, modelCount: plan.models.count + 1)
        group.reserveCapacity(plan.batchLimit)
        forecasts.reserveCapacity(plan.batchLimit)
        maximumHorizon = plan.rules.map(\.horizon).max() ?? 1
        yhat = [Double](repeating: 0, count: plan.batchLimit * maximumHorizon)
        leastWeights = plan.rules.map {
            guard case .rolling(let halfLife) = $0.scaling else { return 1 }
            return RollingStatistics.weight(halfLife: halfLife)
        }
        warmups = plan.rules.map { plan.warmup(of: $0) }
        traces = TraceTable(plan)
        hasJoins = plan.hasJoins
        joins = JoinTable(plan)
        backlog.reserveCapacity(1)
        let policies = plan.rules.map(\.time)
        func rows(_ isNeeded: (TimePolicy) -> Bool) -> Int {
            policies.contains(where: isNeeded) ? plan.streamsLimit : 1
        }
        openTicks = OpenTickTable(
            rowCount: rows { $0.every != .event }, length: max(1, policies.map(\.keptTicksLimit).max() ?? 1))
        windows = RollingWindowTable(rowCount: plan.streamsLimit, layouts: policies.map(\.windowLayout))
        checkpoints = CheckpointTable(rowCount: plan.streamsLimit, length: plan.checkpointCount)
        differences = WindowTable(
            rowCount: rows { $0.every == .auto }, length: PeriodLearner.differenceCount)
        adaptive = plan.rules.map { rule in
            rule.adaptation.map {
                AdaptiveForecaster(
                    $0, hiddenSize: plan.models[rule.model].packed.shape.hiddenSize,
                    rowCount: plan.streamsLimit)
            }
        }
        related = RelatedTable(rowCount: plan.streamsLimit, isUsed: plan.hasRelated)
        maximumLevelCount = plan.rules.compactMap { $0.adaptation?.levels.count }.max() ?? 0
        margins = [Double](
            repeating: .nan, count: plan.batchLimit * 2 * maximumLevelCount * maximumHorizon)
        maximumScoreLength = 2 + maximumLevelCount
        scores = [Double](repeating: .nan, count: plan.batchLimit * maximumScoreLength)
        watches = WatchTable(plan)
        deadlines = DeadlineQueue(
            capacity: hasJoins ? plan.streamsLimit : rows { $0.every != .event || $0.reorders })
        reorders = policies.contains(where: \.reorders)
        held = HeldObservations(capacity: rows(\.reorders))
        refusalCounts = RefusalTable(capacity: plan.streamsLimit)
        hasBadValues = plan.rules.contains { $0.values.isSelective }
        lastValues = SlotTable(
            count: plan.rules.contains { $0.values.needsLastValue } ? plan.streamsLimit : 1)
        producers = ProducerNumbers(capacity: plan.producersLimit, seed: seed)
        spilled = SpilledStreams(
            capacity: plan.spilledLimit, limit: plan.spillLimit, seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        entry = ZeroPages(count: 1, stride: 1)
        uses = DeadlineQueue(capacity: plan.spillLimit > 0 ? plan.streamsLimit : 1)
        idle = DeadlineQueue(
            capacity: plan.rules.contains { $0.idleLimit != nil } ? plan.streamsLimit : 1)
        decisions = DecisionTable(streamsLimit: plan.streamsLimit, seed: seed)
    }

    /// Slots that streams have or had, those included that have not come themselves; slots are `0..<streamCount`.
    public var streamCount: Int { streams.slotCount }

    /// Whether `advance` must be called before the next `accept`.
    public var isFull: Bool { queue.isFull }

    /// Takes in one observation of the stream `identifier`, or says why not.
    ///
    /// - Parameters:
    ///   - observation: Time and value, the value finite.
    ///   - identifier: The stream's id, valid.
    ///   - isCopy: Whether another engine forecasts the stream by its own rule, and here it is but a member.
    ///   - now: The clock's time.
    /// - Precondition: `isFull` is false.
    public mutating func accept(
        _ observation: Observation, of identifier: RawSpan, isCopy: Bool = false, at now: Timestamp
    ) -> Refusal? {
        precondition(observation.value.isFinite, "a value that is not finite is no observation")
        decisions.clock = now
        let refusal = take(observation, of: identifier, isCopy: isCopy, at: now)
        if let refusal, !isCopy { note(refusal, observation, of: identifier) }
        return refusal
    }

    private mutating func take(
        _ observation: Observation, of identifier: RawSpan, isCopy: Bool, at now: Timestamp
    ) -> Refusal? {
        var known = streams.slot(of: identifier)
        if known == nil && spilled.count > 0 {
            switch bringBack(identifier, at: now) {
            case .unknown: break
            case .noRoom: return .streamsLimit
            case .here(let slot): known = slot
            }
        }
        if let slot = known {
            preserve(slot)
            use(slot, at: now)
            let refusal =
                hasJoins
                ? acceptMember(observation, slot: slot, of: identifier, isCopy: isCopy, at: now)
                : accept(observation, slot: slot, at: now)
            if let refusal { refusalCounts.count(refusal, slot: slot) }
            return refusal
        }
        guard let rule = plan.rule(of: identifier), !isCopy else {
            return acceptNewMember(observation, of: identifier, isCopy: isCopy, at: now)
        }
        if let refusal = refusal(of: observation.value, rule: rule) { return refusal }
        guard spills || hasRoom(for: 1) else { return .streamsLimit }
        if let refusal = refusal(ofFirst: observation, rule: rule, now: now) { return refusal }
        let places = 1 + newMemberCount(of: identifier, rule: rule)
        guard hasRoom(for: places) || makeRoom(at: now), quota.take(places) else { return .streamsLimit }
        let slot = insert(identifier, rule: rule)
        use(slot, at: now)
        watchUse(of: slot)
        if hasJoins { joins.streams[Int(slot)].remember(observation) }
        begin(observation, slot: slot, of: identifier, at: now)
        return nil
    }

    mutating func enqueue(_ tick: Tick, slot: UInt32) {
        let index = Int(slot)
        if records[index].turn != turn {
            records[index].turn = turn
            records[index].waves = 0
        }
        let isStep = tick.source != .stale
        let model = isStep ? plan.rules[records[index].rule].model : plan.models.count
        if hasJoins && isStep { collect(tick, slot: slot) }
        queue.append(tick, slot: slot, wave: records[index].waves, model: model)
        records[index].waves += 1
        if isStep { runners[model].prefetch(slot: slot) }
    }

    /// Takes the next batch of waiting streams one tick further.
    ///
    /// - Parameter now: The clock's time.
    /// - Returns: Whether there was one; its forecasts are then `0..<forecastCount`.
    public mutating func advance(at now: Timestamp) -> Bool {
        decisions.clock = now
        var model = queue.takeGroup(into: &group)
        while model == nil {
            turn += 1
            guard let slot = backlog.popLast() else { return false }
            pull(slot)
            model = queue.takeGroup(into: &group)
        }
        guard let model, model < plan.models.count else {
            announceStale(at: now)
            trace()
            return true
        }
        for entry in group { preserve(entry.slot) }
        let runner = runners[model]
        fillBatch(of: runner)
        let isFinite = runner.advance()
        beginForecasts(of: runner, at: now)
        if !isFinite { resetNonFinite(of: runner) }
        readOut(of: runner)
        adapt(of: runner, at: now)
        watch()
        if checkpoints.length > 0 { dropHeldBack() }
        trace()
        return true
    }
}
