// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore
import Synchronization
import WireFormat
import ZeroMQ

/// One of several pipelines: takes observations from a ring, steps, writes forecasts into another.
///
/// One thread builds it, runs it and owns its streams and their state.
struct EngineLoop: ~Copyable {
    /// What an engine's thread shares with the thread of the sockets.
    struct Link: Sendable {
        /// The engine's number among the daemon's threads, from 1.
        let thread: Int
        let mailbox: Mailbox
        let quota: StreamQuota
        let observations: RecordRing
        let forecasts: RecordRing
        /// Up to which position all is kept that came through the ring.
        let kept = KeptPosition()
        /// Wakes the engine.
        var doorbell: Doorbell { mailbox.doorbells[thread] }
        /// Wakes the thread of the sockets.
        var socketsDoorbell: Doorbell { mailbox.doorbells[0] }

        init(_ plan: PipelinePlan, thread: Int, mailbox: Mailbox, quota: StreamQuota) {
            self.thread = thread
            self.mailbox = mailbox
            self.quota = quota
            // A few turns' worth on the way in; the same in forecasts on the way out.
            let turn = plan.batchLimit * 4
            let records = max(turn, plan.forecasts.hasJoins ? 4 * InputList.maximumCount : 32)
            observations = RecordRing(minimumCapacity: records * ObservationRecord.maximumLength)
            forecasts = RecordRing(minimumCapacity: plan.forecastRingLength)
        }
    }

    private let link: Link
    private let batchLimit: Int
    private var observations: RecordReader
    private var sink: RingSink
    private var stage: EngineStage<LocalDisk>
    private var report: StatusReport
    private var reportTime = Timestamp(nanoseconds: 0)
    private var hasNews = false
    private var silence: SilenceClock

    /// Nanoseconds between two reports.
    private static let reportInterval: Int64 = 100_000_000

    /// Makes the engine, which goes on where `state` says that it was.
    ///
    /// - Throws: A `DaemonError` where its state cannot be had.
    init(_ plan: PipelinePlan, link: Link, state: EngineState?) throws(DaemonError) {
        self.link = link
        batchLimit = plan.batchLimit
        observations = RecordReader(link.observations)
        sink = RingSink(link)
        stage = try EngineStage(
            plan, questions: link.mailbox.questions[link.thread],
            successions: link.mailbox.successions[link.thread], quota: link.quota, state: state,
            index: link.thread - 1, doorbell: link.doorbell)
        report = StatusReport(plan)
        silence = plan.state == nil ? SilenceClock() : SilenceClock(respiteFrom: WallClock.now())
        // There may be streams that were recovered.
        publishReport(at: WallClock.now())
    }

    /// What there was when the daemon ended.
    var earlier: EarlierLife { stage.earlier }

    /// Runs turns until no observation will come any more.
    mutating func run() {
        while !link.observations.isDrained { turn() }
        // The ring refuses nothing, so that nothing is thrown.
        do { try stage.finish(to: &sink, at: WallClock.now()) } catch { preconditionFailure("\(error)") }
        publishReport(at: WallClock.now())
        link.kept.position = stage.keptPosition()
        link.forecasts.finish()
        link.socketsDoorbell.ring()
    }

    private mutating func turn() {
        let ring = link.observations
        let questions = link.mailbox.questions[link.thread]
        let successions = link.mailbox.successions[link.thread]
        let isCopying = stage.isCopying
        link.doorbell.sleep(atMost: sleepMilliseconds()) {
            !ring.isEmpty || ring.isDrained || questions.isAsked || successions.hasNews && !isCopying
        }
        stage.clock.beginTurn()
        let now = WallClock.now()
        // Asked before the ring is emptied: what comes into it later is another turn's.
        let isBehind = link.mailbox.isBehind
        let count = drain(at: now)
        if count > 0 {
            hasNews = true
            step(at: now)
        }
        let isBusy = isBehind || count >= batchLimit || stage.isWithinMessage
        if silence.allowsSilence(at: now, isBusy: isBusy) { passTime(at: now) }
        if stage.isAsked { stage.answerQuestion() }
        hasNews = stage.endTurn(at: now) || hasNews
        stage.clock.endTurn(received: count, limit: batchLimit)
        let kept = stage.keptPosition()
        if kept > link.kept.position {
            link.kept.position = kept
            link.socketsDoorbell.ring()
        }
        link.mailbox.markTurn(of: link.thread)
        let elapsed = now.seconds(since: reportTime) * 1e9
        if hasNews && (elapsed >= Double(Self.reportInterval) || elapsed < 0) { publishReport(at: now) }
    }

    /// How long a turn may wait for work: up to the nearest deadline, rounded up.
    private func sleepMilliseconds() -> Int32 {
        var limit: Int32 = hasNews ? 100 : 1000
        if let most = stage.mostSleep { limit = Int32(most / 1_000_000) }
        guard let deadline = stage.nextDeadline else { return limit }
        let nanoseconds = silence.sleep(
            atMost: Int64(limit) * 1_000_000, until: deadline, at: WallClock.now())
        return Int32((nanoseconds + 999_999) / 1_000_000)
    }

    /// Lets the streams that fell silent by `now` go on.
    private mutating func passTime(at now: Timestamp) {
        guard let deadline = stage.nextDeadline, deadline <= now else { return }
        hasNews = true
        // The ring refuses nothing, so that nothing is thrown.
        do { try stage.passTime(to: &sink, at: now) } catch { preconditionFailure("\(error)") }
        sink.flush()
    }

    /// Takes in at most `batchLimit` observations that have arrived; gives their number.
    private mutating func drain(at now: Timestamp) -> Int {
        var count = 0
        while count < batchLimit, let record = observations.next() {
            if let position = ObservationRecord.position(of: record) {
                step(at: now)  // which gives all before it to the kernel
                stage.note(position: position)
                continue
            }
            while !ObservationRecord.offer(record, to: &stage, at: now) { step(at: now) }
            count += 1
        }
        observations.release()
        return count
    }

    private mutating func step(at now: Timestamp) {
        // The ring refuses nothing, so that nothing is thrown.
        do { try stage.forecast(to: &sink, at: now) } catch { preconditionFailure("\(error)") }
        sink.flush()
    }

    private mutating func publishReport(at now: Timestamp) {
        stage.count(into: &report)
        reportTime = now
        hasNews = false
        link.mailbox.publish(report, of: link.thread)
    }
}

/// How much of what an engine took in is kept, for the thread of the sockets to see.
final class KeptPosition: Sendable {
    private let value = Atomic<UInt64>(0)

    /// All up to this position is kept; the engine moves it.
    var position: UInt64 {
        get { value.load(ordering: .acquiring) }
        set { value.store(newValue, ordering: .releasing) }
    }
}

extension PipelinePlan {
    /// Bytes of the longest forecast on its way from an engine to the sockets.
    var longestForecastRecord: Int {
        ForecastRecord.length(
            payload: ForecastEncoder.maximumLength(rules: labels, maximumHorizon: maximumHorizon),
            stream: AlarmTopic.maximumLength)
    }

    /// Bytes that an engine's forecasts have room in, on that way: those of a few turns.
    var forecastRingLength: Int { max(batchLimit * 4 * 512, 8 * longestForecastRecord) }
}

/// Forecasts on their way into a ring.
private struct RingSink: ForecastSink, ~Copyable {
    private let link: EngineLoop.Link
    private var forecasts: RecordWriter

    init(_ link: EngineLoop.Link) {
        self.link = link
        forecasts = RecordWriter(link.forecasts)
    }

    /// Waits while the ring is full: the thread of the sockets takes forecasts out whatever else it waits for.
    mutating func publish(_ payload: RawSpan, stream: RawSpan, sequence: UInt64, output: Int) {
        let record = ForecastRecord(sequence: sequence, output: output)
        while !record.append(payload, of: stream, to: &forecasts) {
            flush()
            let ring = link.forecasts
            let length = ForecastRecord.length(payload: payload.byteCount, stream: stream.byteCount)
            link.doorbell.sleep(atMost: 1000) { ring.hasRoom(for: length) }
        }
    }

    func flush() {
        forecasts.flush()
        link.socketsDoorbell.ring()
    }
}
