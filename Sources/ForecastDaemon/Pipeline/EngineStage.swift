// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
package import Forecasting
package import StateStore
import WireFormat
package import ZeroMQ

/// One engine at work on its loop's own thread.
package struct EngineStage<D: Disk>: ForecastStage, ~Copyable {
    /// What the engine said to the observations of one input.
    private struct InputCounts {
        var observations: UInt64 = 0
        var refused = [UInt64](repeating: 0, count: Refusal.allCases.count)
    }

    var engine: ForecastEngine
    /// One per output.
    var encoders: RigidArray<ForecastEncoder>
    private let alarms: [PipelinePlan.Output.Alarms]
    private var topic = AlarmTopic()
    private var inputs: [InputCounts]
    private let questions: QuestionBox
    /// What is to take over from the engine.
    let successions: SuccessionBox
    /// Whether nothing is begun that would have to end before an engine takes over.
    var isHeld = false
    /// Plans that were in force before the engine's.
    var generation: Int
    package var clock = TurnClock()
    /// How many streams have which status, and what had become of streams when all were counted.
    var tally: StatusTally
    var tallied: LifecycleCounts
    var tallyTime = Timestamp(nanoseconds: 0)
    /// Whether there is no other engine, and so no stage that knows which members have come.
    private let isAlone: Bool
    /// The question that is being answered.
    var search: StreamSearch?
    /// Keeps the state; nil where none is kept.
    var log: EngineLog<D>?
    /// What it shares with the thread that waits for the disk.
    let link: StateLink?

    /// Bytes of a snapshot that are copied in a turn: a fraction of a millisecond.
    static var copyLimit: Int { 256 << 10 }
    /// Bytes of a snapshot that may wait for a disk that is slower than the streams change, besides what is copied at once.
    static var waitingLimit: Int { 512 << 20 }
    /// Tries to write the last snapshot.
    static var lastTries: Int { 3 }
    var copiedLimit = 0
    /// Turns that brought messages of producers.
    private var position: UInt64 = 0
    /// Whether a message of a producer is being taken in, and whether it was taken in before.
    private(set) var isWithinMessage = false
    private var isRepeated = false
    package let earlier: EarlierLife

    /// Sets an engine to work.
    ///
    /// - Parameter log: Keeps its state; nil where none is kept.
    package init(
        _ plan: PipelinePlan, engine: consuming ForecastEngine, log: consuming EngineLog<D>?,
        questions: QuestionBox, successions: SuccessionBox
    ) {
        self.questions = questions
        self.successions = successions
        generation = plan.generation
        isAlone = plan.pipelineCount == 1
        earlier = EarlierLife(of: engine, plan: plan)
        (tally, tallied) = (StatusTally(engine), engine.lifecycleCounts)
        self.engine = engine
        if let log {
            link = log.link
            self.log = consume log
        } else {
            link = nil
        }
        encoders = plan.encoders
        alarms = plan.outputs.map(\.alarms)
        inputs = plan.inputs.map { _ in InputCounts() }
    }

    package mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool {
        accept(observation, of: identifier, input: input, isCopy: false, at: now)
    }

    /// As above; a copy is counted by another engine.
    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, isCopy: Bool, at now: Timestamp
    ) -> Bool {
        if isRepeated { return true }
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

    package mutating func beginMessage(
        _ message: NumberedMessage, of key: RawSpan, observations count: Int, at now: Timestamp
    ) -> Bool {
        let previous = engine.producers.newest(of: key)
        (isWithinMessage, isRepeated) = (true, message.isResumed && message.number <= previous)
        guard !isRepeated else { return true }
        log?.beginMessage(message.number, after: previous, of: key, observations: count, at: now)
        engine.producers.note(message.number, of: key, at: now)
        return true
    }

    package mutating func endMessage() {
        (isWithinMessage, isRepeated) = (false, false)
        log?.endMessage()
    }

    package mutating func notePosition() -> UInt64 {
        note(position: position + 1)
        return position
    }

    /// Notes that all messages that have come are part of a position.
    package mutating func note(position: UInt64) {
        self.position = position
        log?.note(position: position)
    }

    package mutating func keptPosition() -> UInt64 { log?.kept(upTo: position) ?? position }

    package var hasForecasts: Bool { false }

    package mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        clock.end(.receive)
        log?.noteStep(at: now)
        let isDurable = log?.isWhole ?? true
        for output in encoders.indices { encoders[output].isDurable = isDurable }
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

    package mutating func note(isBusy: Bool) {}

    package var nextDeadline: Timestamp? { engine.nextDeadline }

    package mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        log?.noteSilence(at: now)
        while engine.passTime(to: now) { try forecast(to: &sink, at: now) }
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

    package mutating func answerQuestion() {
        guard let question = questions.first else { return }
        var search = self.search.take() ?? StreamSearch(question)
        // The one before may have waited too long.
        if search.question.number != question.number { search = StreamSearch(question) }
        if var answer = search.advance(over: engine) {
            answer.generation = generation
            questions.answer(question, answer)
        } else {
            self.search = consume search
        }
    }

    package mutating func finish<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        try forecast(to: &sink, at: now)
        keepState(at: now)
    }

    package func count(into report: inout StatusReport) {
        for (index, counts) in inputs.enumerated() {
            report.inputs[index].observations = counts.observations
            report.inputs[index].refused = counts.refused
        }
        report.state = link?.status
        report.latencies = clock.latencies
        report.statuses = tally.counts
        report.streams = engine.forecastStreamCount + (isAlone ? engine.memberCount : 0)
        report.spilled = StatusReport.Spilled(
            streams: engine.spilledCount, byteCount: engine.shelfByteCount, counts: engine.lifecycleCounts)
        report.resets = engine.resetCount
        report.time = engine.timeCounts
        report.watch = engine.watchCounts
        report.generation = generation
        report.scores = engine.plan.rules.indices.map { engine.pooledScore(ofRule: $0) }
    }
}
