// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import WireFormat
import ZeroMQ

/// The pipeline: poll, drain, decode, step, publish, over and over.
///
/// One thread builds it, runs it and owns all of it: sockets, streams, state, buffers. Nothing in it is
/// locked, and after warm-up nothing in a turn allocates per message. With several pipelines this loop keeps the
/// sockets, and its stage hands the steps to threads of their own.
struct PipelineLoop<Stage: ForecastStage & ~Copyable>: ~Copyable {
    private let batchLimit: Int
    let mailbox: Mailbox
    private let questions: QuestionBox
    /// The poller's number for the mailbox's doorbell.
    private let bellItem: Int
    var inputs: RigidArray<PipelineInput>
    var outputs: PipelineOutputs
    /// Decides who may connect; nil where no socket asks for proof.
    var authenticator: Authenticator?
    private var poller: Poller
    var stage: Stage
    private var decoded: DecodedMessage
    private var unreadable: UnreadableMessages
    var report: StatusReport
    var reportTime: Timestamp
    /// Whether anything happened since the last report.
    var hasNews: Bool
    var restoreTime: Timestamp
    private var silence: SilenceClock
    /// The input that the next drain begins with, so that no input starves another.
    private var firstInput: Int
    /// Whether producers are to be told more than their queues have room for.
    private var owesAnswers = false

    /// Nanoseconds between two reports.
    static var reportInterval: Int64 { 100_000_000 }
    /// Nanoseconds between two looks for connections that were cut.
    static var restoreInterval: Int64 { 1_000_000_000 }
    /// How long draining may take when the loop is asked to stop.
    private static var drainTime: Duration { .seconds(5) }

    /// Opens all sockets.
    init(
        _ plan: PipelinePlan, mailbox: Mailbox, context: Context, stage: consuming Stage
    ) throws(ZeroMQError) {
        poller = Poller()
        bellItem = poller.add(descriptor: mailbox.doorbells[0].descriptor)
        inputs = RigidArray(capacity: plan.inputs.count)
        // Before the sockets, whose peers it decides on.
        let authenticator = try Self.authenticator(plan.keys, in: context, poller: &poller)
        for input in plan.inputs {
            inputs.append(
                try PipelineInput(
                    input, topicsLimit: plan.forecasts.streamsLimit, earlier: stage.earlier,
                    context: context, poller: &poller))
        }
        outputs = try PipelineOutputs(plan, context: context, poller: &poller)
        self.authenticator = authenticator
        self.mailbox = mailbox
        questions = mailbox.questions[0]
        self.stage = stage
        batchLimit = plan.batchLimit
        decoded = DecodedMessage()
        unreadable = UnreadableMessages(inputCount: plan.inputs.count)
        reportTime = Timestamp(nanoseconds: 0)
        hasNews = false
        restoreTime = Timestamp(nanoseconds: 0)
        silence = plan.state == nil ? SilenceClock() : SilenceClock(respiteFrom: WallClock.now())
        firstInput = 0
        report = StatusReport(plan)
        // There may be streams that were recovered.
        publishReport(at: WallClock.now())
    }

    private static func authenticator(
        _ keys: SocketKeys?, in context: Context, poller: inout Poller
    ) throws(ZeroMQError) -> Authenticator? {
        guard let keys else { return nil }
        let authenticator = try Authenticator(keys.clients, in: context)
        authenticator.watch(by: &poller)
        return authenticator
    }

    /// Runs turns until the mailbox says stop, then takes in and publishes what still arrives, for a limited time.
    mutating func run() throws(ZeroMQError) {
        while !mailbox.isStopping { try turn() }
        let deadline = ContinuousClock.now + Self.drainTime
        while true {
            stage.clock.beginTurn()
            let count = try drain(at: WallClock.now())
            guard count > 0 else { break }
            try stage.forecast(to: &outputs, at: WallClock.now())
            stage.clock.endTurn(received: count, limit: batchLimit)
            report.isCutShort = ContinuousClock.now >= deadline
            if report.isCutShort { break }
        }
        try stage.finish(to: &outputs, at: WallClock.now())
        try answerProducers()
        publishReport(at: WallClock.now())
    }

    private mutating func turn() throws(ZeroMQError) {
        try sleep()
        stage.clock.beginTurn()
        let now = WallClock.now()
        if mailbox.hasAdmissions { try admitClients() }
        hasNews = try authenticator?.serve() ?? false || hasNews
        let count = try drain(at: now)
        hasNews = hasNews || count > 0 || stage.hasForecasts
        try stage.forecast(to: &outputs, at: now)
        try passTime(at: now, isBusy: count >= batchLimit)
        try answerProducers()
        if questions.isAsked { answerQuestion() }
        hasNews = try outputs.serve(at: now) || hasNews
        hasNews = stage.endTurn(at: now) || hasNews
        stage.clock.endTurn(received: count, limit: batchLimit)
        try endTurn(at: now)
    }

    /// Answers what the inputs know; the rest is for the stage.
    private mutating func answerQuestion() {
        guard let question = questions.first else { return }
        var answer = StreamAnswer()
        switch question.subject {
        case .sequences(let topic):
            for index in inputs.indices {
                answer.sequences.append(inputs[index].sequenceCounts(of: topic.span.bytes))
            }
        case .unreadable(let change):
            (answer.change, answer.unreadable) = (unreadable.changeCount, unreadable.examples(after: change))
        default: return stage.answerQuestion()
        }
        questions.answer(question, answer)
    }

    /// Sleeps until there is something to do, or something to report.
    private mutating func sleep() throws(ZeroMQError) {
        let doorbell = mailbox.doorbells[0]
        doorbell.arm()
        let isIdle =
            !stage.hasForecasts && !mailbox.isStopping && !mailbox.hasAdmissions && !questions.isAsked
        var limit = outputs.delay(atMost: hasNews ? Self.reportInterval : 1_000_000_000)
        if let most = stage.mostSleep { limit = min(limit, most) }
        if owesAnswers { limit = min(limit, 1_000_000) }
        if let deadline = stage.nextDeadline {
            limit = silence.sleep(atMost: limit, until: deadline, at: WallClock.now())
        }
        _ = try poller.wait(atMost: isIdle ? .nanoseconds(limit) : .zero)
        doorbell.disarm(isReadable: poller.isReady(bellItem))
    }

    /// Lets the streams that fell silent by `now` go on; in a busy turn their values may still wait in the sockets.
    private mutating func passTime(at now: Timestamp, isBusy: Bool) throws(ZeroMQError) {
        stage.note(isBusy: isBusy)
        let isSilence = silence.allowsSilence(at: now, isBusy: isBusy)
        guard isSilence, let deadline = stage.nextDeadline, deadline <= now else { return }
        hasNews = true
        try stage.passTime(to: &outputs, at: now)
    }

    /// Lets sockets admit others, and cuts those that they admit no longer.
    private mutating func admitClients() throws(ZeroMQError) {
        for admission in mailbox.takeAdmissions() {
            // In this order: whoever is cut and comes back at once meets the new list.
            authenticator?.clients = admission.clients
            for index in inputs.indices
            where admission.revoking.contains("inputs.\(report.inputs[index].name)") {
                try inputs[index].cutPeers()
            }
            try outputs.cutPeers(of: admission.revoking)
            admission.isDone.yield()
        }
    }

    /// Takes in at most `batchLimit` messages that have arrived; gives their number.
    private mutating func drain(at now: Timestamp) throws(ZeroMQError) -> Int {
        var count = 0
        for offset in inputs.indices {
            let index = (firstInput + offset) % inputs.count
            while count < batchLimit, try receive(from: index, at: now) { count += 1 }
        }
        firstInput = (firstInput + 1) % inputs.count
        return count
    }

    /// Takes in one message of an input; false if none has arrived.
    private mutating func receive(from index: Int, at now: Timestamp) throws(ZeroMQError) -> Bool {
        switch try inputs[index].receive(into: &decoded, at: now) {
        case .nothing:
            return false
        case .heard:
            return true
        case .numbered(let message):
            try take(message, from: index, at: now)
        case .dropped(let reason):
            drop(reason, from: index, at: now)
        case .decoded:
            try takeObservations(from: index, at: now)
        }
        report.inputs[index].messages += 1
        return true
    }

    private mutating func takeObservations(from index: Int, at now: Timestamp) throws(ZeroMQError) {
        for observation in 0..<decoded.count {
            while !Self.offer(decoded, observation, input: index, to: &stage, at: now) {
                try stage.forecast(to: &outputs, at: now)
            }
        }
    }

    /// Takes in a message of a producer: its number in any case, its observations where it was understood.
    private mutating func take(
        _ message: NumberedMessage, from index: Int, at now: Timestamp
    ) throws(ZeroMQError) {
        let count = message.error == nil ? decoded.count : 0
        while !Self.begin(message, of: inputs, index, observations: count, in: &stage, at: now) {
            try stage.forecast(to: &outputs, at: now)
        }
        if let error = message.error {
            drop(error, from: index, at: now)
        } else {
            try takeObservations(from: index, at: now)
        }
        stage.endMessage()
    }

    /// Counts the message that an input received last, which could not be read.
    private mutating func drop(_ reason: DecodeError, from index: Int, at now: Timestamp) {
        report.inputs[index].undecodable[Int(reason.rawValue)] += 1
        Self.note(reason, of: inputs, index, in: &unreadable, at: now)
    }

    // Static with explicit parameters: an input may not be in hand while another property changes.
    private static func note(
        _ reason: DecodeError, of inputs: borrowing RigidArray<PipelineInput>, _ index: Int,
        in unreadable: inout UnreadableMessages, at now: Timestamp
    ) {
        inputs[index].note(reason, number: index, in: &unreadable, at: now)
    }

    private static func begin(
        _ message: NumberedMessage, of inputs: borrowing RigidArray<PipelineInput>, _ index: Int,
        observations count: Int, in stage: inout Stage, at now: Timestamp
    ) -> Bool {
        inputs[index].begin(message, observations: count, in: &stage, at: now)
    }

    /// Tells producers what of their messages is kept.
    private mutating func answerProducers() throws(ZeroMQError) {
        let hasNews = inputs.indices.contains { inputs[$0].hasNews }
        let position = hasNews ? stage.notePosition() : nil
        let kept = stage.keptPosition()
        owesAnswers = false
        for index in inputs.indices where !(try inputs[index].endTurn(at: position, keptPosition: kept)) {
            owesAnswers = true
        }
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func offer(
        _ decoded: borrowing DecodedMessage, _ index: Int, input: Int, to stage: inout Stage,
        at now: Timestamp
    ) -> Bool {
        let (time, value) = decoded.observation(at: index)
        return stage.accept(
            Observation(time: time ?? now, value: value, isTimedByArrival: time == nil),
            of: decoded.identifier(at: index), input: input, at: now)
    }
}
