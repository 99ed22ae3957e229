// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import WireFormat
import ZeroMQ

/// One engine at work on its loop's own thread.
struct EngineStage: ForecastStage, ~Copyable {
    /// What the engine said to the observations of one input.
    private struct InputCounts {
        var observations: UInt64 = 0
        var refused = [UInt64](repeating: 0, count: Refusal.allCases.count)
    }

    private var engine: ForecastEngine
    /// One per output.
    private var encoders: RigidArray<ForecastEncoder>
    private let alarms: [PipelinePlan.Output.Alarms]
    private var topic = AlarmTopic()
    private var inputs: [InputCounts]
    private let questions: QuestionBox
    var clock = TurnClock()
    /// How many streams have which status.
    private var tally: StatusTally
    /// Whether there is no other engine, and so no stage that knows which members have come.
    private let isAlone: Bool
    /// The question that is being answered.
    private var search: StreamSearch?
    /// Keeps the state; nil where none is kept.
    private var log: EngineLog?
    /// What it shares with the thread that waits for the disk.
    private let link: StateLink?

    /// Bytes of a snapshot that are copied in a turn: a fraction of a millisecond.
    private static let copyLimit = 256 << 10
    /// Bytes of a snapshot that may wait for a disk that is slower than the streams change, besides what is copied at once.
    private static let waitingLimit = 512 << 20
    private var copiedLimit = 0

    /// Makes the engine of one of `plan.pipelineCount` pipelines, which share `quota`, with the state that it had.
    ///
    /// - Parameters:
    ///   - index: The pipeline's number, from 0.
    ///   - doorbell: Wakes the thread that runs it.
    /// - Throws: A `DaemonError` where the state cannot be had.
    init(
        _ plan: PipelinePlan, questions: QuestionBox, quota: StreamQuota? = nil, state: EngineState? = nil,
        index: Int = 0, doorbell: Doorbell
    ) throws(DaemonError) {
        self.questions = questions
        isAlone = plan.pipelineCount == 1
        var engine = ForecastEngine(
            plan: plan.forecastsOfOnePipeline, seed: .random(in: 0...(.max)), quota: quota)
        if let state {
            let log = try state.recover(&engine, index: index, doorbell: doorbell)
            link = log.link
            self.log = consume log
        } else {
            link = nil
        }
        tally = StatusTally(engine)
        self.engine = engine
        encoders = RigidArray(capacity: plan.outputs.count)
        for output in plan.outputs {
            encoders.append(
                ForecastEncoder(
                    epoch: plan.epoch, rules: plan.labels, format: output.format, times: output.times,
                    maximumHorizon: plan.maximumHorizon))
        }
        alarms = plan.outputs.map(\.alarms)
        inputs = plan.inputs.map { _ in InputCounts() }
    }

    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool {
        accept(observation, of: identifier, input: input, isCopy: false, at: now)
    }

    /// As above; a copy is counted by another engine.
    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, isCopy: Bool, at now: Timestamp
    ) -> Bool {
        guard !engine.isFull else { return false }
        log?.note(observation, of: identifier, isCopy: isCopy, at: now)
        let refusal = engine.accept(observation, of: identifier, isCopy: isCopy, at: now)
        if isCopy { return true }
        if let refusal {
            inputs[input].refused[Int(refusal.rawValue)] += 1
        } else {
            inputs[input].observations += 1
        }
        return true
    }

    var hasForecasts: Bool { false }

    mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        clock.end(.receive)
        log?.noteStep(at: now)
        while engine.advance(at: now) {
            clock.end(.step)
            for output in encoders.indices {
                if alarms[output] != .only {
                    try Self.publish(engine, output: output, through: &encoders[output], to: &sink)
                }
                if alarms[output] != .off {
                    try Self.publishAlarms(
                        engine, output: output, through: &encoders[output], by: &topic, to: &sink)
                }
            }
            clock.endPublishing(engine.forecastCount)
            Self.note(engine, in: &tally)
        }
    }

    mutating func note(isBusy: Bool) {}

    var nextDeadline: Timestamp? { engine.nextDeadline }

    mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        log?.noteSilence(at: now)
        while engine.passTime(to: now) { try forecast(to: &sink, at: now) }
    }

    mutating func endTurn() {
        guard let link else { return }
        log?.lookForRoom()
        if !engine.isCopying && link.takeSnapshotWish() { beginSnapshot() }
        guard engine.isCopying else { return }
        if link.takesMore { _ = engine.copyStreams(atMost: Self.copyLimit) }
        handOver(to: link)
        if engine.copiedByteCount > copiedLimit {
            engine.abandonCopy()
            link.put(.abandoned)
        }
    }

    private mutating func beginSnapshot() {
        guard let sequence = log?.mark(at: WallClock.now()), let link else { return }
        link.put(.begin(through: sequence))
        engine.beginCopy()
        copiedLimit = engine.copiedByteCount + Self.waitingLimit
    }

    /// Hands over what has been copied.
    private mutating func handOver(to link: StateLink) {
        while link.takesMore || !engine.isCopying, let chunk = engine.takeCopiedChunk() {
            link.put(.chunk(chunk))
        }
        if !engine.isCopying { link.put(.end) }
    }

    var mostSleep: Int64? {
        guard let link, engine.isCopying else { return nil }
        return link.takesMore ? 0 : 1_000_000
    }

    /// Takes the last snapshot, and waits until all is on the disk.
    private mutating func keepState() {
        guard let link else { return }
        if engine.isCopying { completeCopy(for: link) }
        beginSnapshot()
        completeCopy(for: link)
        link.finish()
        // Only now all is known to be durable.
        log?.finish(at: WallClock.now())
    }

    /// Copies what is left, as fast as the disk takes it.
    private mutating func completeCopy(for link: StateLink) {
        while engine.isCopying {
            while !link.takesMore { link.engineDoorbell.sleep(atMost: 10) { link.takesMore } }
            _ = engine.copyStreams(atMost: Self.copyLimit)
            handOver(to: link)
        }
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func publish<Sink: ForecastSink & ~Copyable>(
        _ engine: borrowing ForecastEngine, output: Int, through encoder: inout ForecastEncoder,
        to sink: inout Sink
    ) throws(ZeroMQError) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            encode(engine, index, by: &encoder)
            try sink.publish(
                encoder.bytes, stream: engine.identifier(of: forecast.slot), sequence: forecast.sequence,
                output: output)
        }
    }

    private static func note(_ engine: borrowing ForecastEngine, in tally: inout StatusTally) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            tally.note(forecast.status, of: forecast.slot)
        }
    }

    /// Publishes the forecasts with which an alarm begins or ends, once more or alone, by a topic of their own.
    private static func publishAlarms<Sink: ForecastSink & ~Copyable>(
        _ engine: borrowing ForecastEngine, output: Int, through encoder: inout ForecastEncoder,
        by topic: inout AlarmTopic, to sink: inout Sink
    ) throws(ZeroMQError) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            guard forecast.alarm.isChange else { continue }
            encode(engine, index, by: &encoder)
            topic.write(engine.identifier(of: forecast.slot))
            try sink.publish(
                encoder.bytes, stream: topic.bytes, sequence: forecast.alarmChanges, output: output)
        }
    }

    private static func encode(
        _ engine: borrowing ForecastEngine, _ index: Int, by encoder: inout ForecastEncoder
    ) {
        let forecast = engine.forecast(at: index)
        encoder.encode(
            forecast, stream: engine.identifier(of: forecast.slot), yhat: engine.yhat(at: index),
            margins: engine.margins(at: index), score: engine.recentScore(at: index))
    }

    var isAsked: Bool { questions.isAsked }

    mutating func answerQuestion() {
        guard let question = questions.first else { return }
        var search = self.search.take() ?? StreamSearch(question)
        // The one before may have waited too long.
        if search.question.number != question.number { search = StreamSearch(question) }
        if let answer = search.advance(over: engine) {
            questions.answer(question, answer)
        } else {
            self.search = consume search
        }
    }

    mutating func finish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink) throws(ZeroMQError) {
        try forecast(to: &sink, at: WallClock.now())
        keepState()
    }

    func count(into report: inout StatusReport) {
        for (index, counts) in inputs.enumerated() {
            report.inputs[index].observations = counts.observations
            report.inputs[index].refused = counts.refused
        }
        report.state = link?.status
        report.latencies = clock.latencies
        report.statuses = tally.counts
        report.streams = engine.forecastStreamCount + (isAlone ? engine.memberCount : 0)
        report.resets = engine.resetCount
        report.time = engine.timeCounts
        report.watch = engine.watchCounts
        report.scores = engine.plan.rules.indices.map { engine.pooledScore(ofRule: $0) }
    }
}
