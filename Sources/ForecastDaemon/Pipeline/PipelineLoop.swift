// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import WireFormat
import ZeroMQ

/// The pipeline: poll, drain, decode, step, publish, over and over.
///
/// One thread builds it, runs it and owns all of it: sockets, streams, state, buffers. Nothing in it is
/// locked, and after warm-up nothing in a turn allocates per message.
struct PipelineLoop: ~Copyable {
    private let batchLimit: Int
    private let mailbox: Mailbox
    /// The poller's number for the mailbox.
    private let mailboxItem: Int
    private var inputs: RigidArray<PipelineInput>
    private var outputs: RigidArray<PipelineOutput>
    private var poller: Poller
    private var engine: ForecastEngine
    private var decoded: DecodedMessage
    private var report: StatusReport
    private var publishedReport: StatusReport
    private var reportTime: Timestamp
    private var restoreTime: Timestamp
    private var isStopping: Bool
    /// The input that the next drain begins with, so that no input starves another.
    private var firstInput: Int

    /// Nanoseconds between two reports.
    private static let reportInterval: Int64 = 100_000_000
    /// Nanoseconds between two looks for connections that were cut.
    private static let restoreInterval: Int64 = 1_000_000_000
    /// Nanoseconds that draining may take when the loop is asked to stop.
    private static let drainTime: Int64 = 1_000_000_000

    /// Opens all sockets.
    static func open(
        _ plan: PipelinePlan, mailbox: Mailbox, context: Context
    ) throws(ZeroMQError) -> PipelineLoop {
        var poller = Poller()
        let mailboxItem = poller.add(descriptor: mailbox.wakeDescriptor)
        var inputs = RigidArray<PipelineInput>(capacity: plan.inputs.count)
        for input in plan.inputs {
            inputs.append(try PipelineInput(input, context: context, poller: &poller))
        }
        var outputs = RigidArray<PipelineOutput>(capacity: plan.outputs.count)
        for output in plan.outputs {
            outputs.append(try PipelineOutput(output, pipeline: plan, context: context))
        }
        return PipelineLoop(
            plan, mailbox: mailbox, mailboxItem: mailboxItem, inputs: inputs, outputs: outputs, poller: poller
        )
    }

    private init(
        _ plan: PipelinePlan, mailbox: Mailbox, mailboxItem: Int, inputs: consuming RigidArray<PipelineInput>,
        outputs: consuming RigidArray<PipelineOutput>, poller: consuming Poller
    ) {
        var random = SystemRandomNumberGenerator()
        engine = ForecastEngine(plan: plan.forecasts, seed: random.next())
        self.inputs = inputs
        self.outputs = outputs
        self.poller = poller
        self.mailbox = mailbox
        self.mailboxItem = mailboxItem
        batchLimit = plan.batchLimit
        decoded = DecodedMessage()
        reportTime = Timestamp(nanoseconds: 0)
        restoreTime = Timestamp(nanoseconds: 0)
        isStopping = false
        firstInput = 0
        report = StatusReport(
            inputs: plan.inputs.map { StatusReport.Input(name: $0.name) },
            outputs: plan.outputs.map { StatusReport.Output(name: $0.name) })
        publishedReport = report
        mailbox.publish(report)
    }

    /// Runs turns until the mailbox says stop, then takes in and publishes what has arrived by then.
    mutating func run() throws(ZeroMQError) {
        while !isStopping { try turn() }
        let deadline = Timestamp(nanoseconds: WallClock.now().nanoseconds + Self.drainTime)
        while try drain(at: WallClock.now()) > 0, WallClock.now() < deadline {
            try forecast(at: WallClock.now())
        }
        try forecast(at: WallClock.now())
        publishReport(at: WallClock.now())
    }

    private mutating func turn() throws(ZeroMQError) {
        let isReported = report == publishedReport
        _ = try poller.wait(atMost: isReported ? .seconds(1) : .nanoseconds(Self.reportInterval))
        let now = WallClock.now()
        if poller.isReady(mailboxItem) {
            for command in mailbox.takeCommands() {
                switch command {
                case .stop: isStopping = true
                }
            }
        }
        _ = try drain(at: now)
        try forecast(at: now)
        try endTurn(at: now)
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
        switch try inputs[index].receive(into: &decoded) {
        case .nothing:
            return false
        case .dropped(let reason):
            report.inputs[index].undecodable[Int(reason.rawValue)] += 1
        case .decoded:
            for observation in 0..<decoded.count {
                if engine.isFull { try forecast(at: now) }
                accept(observation, input: index, at: now)
            }
        }
        report.inputs[index].messages += 1
        return true
    }

    private mutating func accept(_ index: Int, input: Int, at now: Timestamp) {
        let (time, value) = decoded.observation(at: index)
        let observation = Observation(time: time ?? now, value: value)
        if let refusal = Self.offer(observation, of: decoded, index, to: &engine, at: now) {
            report.inputs[input].refused[Int(refusal.rawValue)] += 1
        } else {
            report.inputs[input].observations += 1
        }
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func offer(
        _ observation: Observation, of decoded: borrowing DecodedMessage, _ index: Int,
        to engine: inout ForecastEngine, at now: Timestamp
    ) -> Refusal? {
        engine.accept(observation, of: decoded.identifier(at: index), at: now)
    }

    /// Steps every stream that has a tick, and publishes its forecast.
    private mutating func forecast(at now: Timestamp) throws(ZeroMQError) {
        while engine.advance(at: now) {
            for output in outputs.indices {
                try Self.publish(
                    engine, to: &outputs[output], counting: &report.outputs[output])
            }
        }
    }

    private static func publish(
        _ engine: borrowing ForecastEngine, to output: inout PipelineOutput,
        counting counts: inout StatusReport.Output
    ) throws(ZeroMQError) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            let isComplete = try output.publish(
                forecast, stream: engine.identifier(of: forecast.slot), yhat: engine.yhat(at: index))
            counts.published += 1
            if !isComplete { counts.dropped += 1 }
        }
    }

    private mutating func endTurn(at now: Timestamp) throws(ZeroMQError) {
        mailbox.markTurn()
        if Self.isOver(Self.restoreInterval, since: restoreTime, at: now) {
            restoreTime = now
            for input in inputs.indices {
                report.inputs[input].restored += UInt64(try inputs[input].restoreConnections())
            }
        }
        if Self.isOver(Self.reportInterval, since: reportTime, at: now) { publishReport(at: now) }
    }

    /// Whether so many nanoseconds have passed, or the clock was set back.
    private static func isOver(_ interval: Int64, since begin: Timestamp, at now: Timestamp) -> Bool {
        let elapsed = now.seconds(since: begin) * 1e9
        return elapsed >= Double(interval) || elapsed < 0
    }

    private mutating func publishReport(at now: Timestamp) {
        report.streams = engine.streamCount
        report.resets = engine.resetCount
        guard report != publishedReport else { return }
        reportTime = now
        publishedReport = report
        mailbox.publish(report)
    }
}
