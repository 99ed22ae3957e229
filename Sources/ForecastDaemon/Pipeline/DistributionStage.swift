// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

/// The way to several engines, each on a thread of its own: observations go out by the hash of their stream's id,
/// forecasts come back as finished messages.
///
/// A stream always goes to the same engine, through one ring in and one ring out, so that its order is kept.
struct DistributionStage: ForecastStage, ~Copyable {
    private var ways: RigidArray<EngineWay>
    /// Makes it unpredictable to senders which engine takes which stream.
    private let seed: UInt64
    private let mailbox: Mailbox
    var clock = TurnClock()
    /// Whether this turn had to wait for an engine, so that messages may have come meanwhile.
    private var hasWaited = false
    private var doorbell: Doorbell { mailbox.doorbells[0] }
    /// Where streams go that are inputs of others.
    private var routes: StreamRoutes
    private let hasJoins: Bool
    private(set) var earlier = EarlierLife()
    private var current = EngineWay.OpenMessage()
    /// Turns that brought messages of producers.
    private var position: UInt64 = 0

    /// Records that one observation may become for one engine: a target that comes first brings what its members sent.
    private static let mostRecords = 1 + InputList.maximumCount
    /// Records that may go with one: the message's beginning and end, those of one without observations, a position.
    private static let recordsBeside = 5

    /// Makes the engines and starts their threads, which go on where `state` says that they were.
    init(_ plan: PipelinePlan, mailbox: Mailbox, state: EngineState?) throws(DaemonError) {
        self.mailbox = mailbox
        seed = state?.seed ?? .random(in: 0...(.max))
        hasJoins = plan.forecasts.hasJoins
        routes = StreamRoutes(plan.forecasts, seed: seed)
        ways = RigidArray(capacity: plan.pipelineCount)
        let quota = StreamQuota(limit: plan.forecasts.streamsLimit)
        let beginning = EnginesBeginning(doorbell: mailbox.doorbells[0])
        do throws(DaemonError) {
            for index in 0..<plan.pipelineCount {
                let link = EngineLoop.Link(plan, thread: index + 1, mailbox: mailbox, quota: quota)
                ways.append(
                    EngineWay(
                        observations: RecordWriter(link.observations),
                        forecasts: RecordReader(link.forecasts), engineDoorbell: link.doorbell,
                        kept: link.kept))
                try PipelineThread.start(name: "engine \(index + 1)") { [beginning] in
                    do throws(DaemonError) {
                        var loop = try EngineLoop(plan, link: link, state: state)
                        beginning.isReady(loop.earlier)
                        loop.run()
                    } catch { beginning.failed(error) }
                }
            }
            earlier = try beginning.wait(for: plan.pipelineCount)
        } catch {
            endEngines()
            throw error
        }
    }

    /// Lets the engines end, which have nothing to take in any more.
    private func endEngines() {
        for index in ways.indices {
            ways[index].observations.ring.finish()
            ways[index].engineDoorbell.ring()
        }
    }

    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool {
        let index = Self.index(of: identifier, seed: seed, count: ways.count)
        if hasJoins { return acceptJoined(observation, of: identifier, input: input, home: index) }
        if current.isOpen {
            guard ways[index].hasRoom(for: 1 + Self.recordsBeside) else { return false }
            ways[index].begin(current)
        }
        return ways[index].append(ObservationRecord(observation, input: input), of: identifier)
    }

    /// The number of the engine, of `count`, that takes a stream.
    static func index(of identifier: RawSpan, seed: UInt64, count: Int) -> Int {
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        // The upper half times the count: an even division without the bits that tables are indexed by.
        return Int(((hash >> 32) * UInt64(count)) >> 32)
    }

    /// Sends an observation to all engines that need it, or to none.
    private mutating func acceptJoined(
        _ observation: Observation, of identifier: RawSpan, input: Int, home: Int
    ) -> Bool {
        for index in 0..<ways.count where !ways[index].hasRoom(for: Self.mostRecords + Self.recordsBeside) {
            return false
        }
        for member in routes.learn(identifier, observation.value, home: home) {
            Self.sendNewest(of: member, routes, input: input, to: &ways[home])
        }
        let (first, engines) = routes.engines(for: observation, of: identifier, home: home)
        for index in 0..<ways.count where engines.contains(index) {
            let record = ObservationRecord(observation, input: input, isCopy: index != first)
            ways[index].begin(current)
            _ = ways[index].append(record, of: identifier)
        }
        return true
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func sendNewest(
        of stream: UInt32, _ routes: borrowing StreamRoutes, input: Int, to way: inout EngineWay
    ) {
        guard let newest = routes.newest(of: stream) else { return }
        let record = ObservationRecord(newest, input: input, isCopy: true)
        _ = way.append(record, of: routes.identifier(of: stream))
    }

    mutating func beginMessage(
        _ message: NumberedMessage, of key: RawSpan, observations count: Int, at now: Timestamp
    ) -> Bool {
        for index in 0..<ways.count where !ways[index].hasRoom(for: Self.recordsBeside) { return false }
        (current.isOpen, current.message, current.count) = (true, message, count)
        current.key.removeAll(keepingCapacity: true)
        key.withUnsafeBytes { current.key.append(contentsOf: $0) }
        return true
    }

    mutating func endMessage() {
        // One that no engine had a part of, because it could not be understood, has its number kept all the same.
        if !ways.indices.contains(where: { ways[$0].isWithinMessage }) { ways[0].begin(current) }
        for index in ways.indices { ways[index].endMessage() }
        current.isOpen = false
    }

    mutating func notePosition() -> UInt64 {
        position += 1
        for index in ways.indices where ways[index].hasNews {
            ways[index].note(position)
            flush(index)
        }
        return position
    }

    mutating func keptPosition() -> UInt64 {
        var least = position
        for index in ways.indices {
            let kept = ways[index].kept.position
            if kept < ways[index].told { least = min(least, kept) }
        }
        return least
    }

    var hasForecasts: Bool {
        for index in ways.indices where !ways[index].forecasts.ring.isEmpty { return true }
        return false
    }

    mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        clock.end(.receive)
        for index in ways.indices where ways[index].hasUnflushed { flush(index) }
        try publish(to: &sink)
        // A ring that is full keeps the loop from taking in more: wait for its engine rather than ask over and over.
        while let full = ways.indices.first(where: { !hasRoom($0) }) {
            hasWaited = true
            mailbox.isBehind = true
            doorbell.sleep(atMost: 1000) { hasRoom(full) || hasForecasts }
            try publish(to: &sink)
        }
    }

    /// The engines take no silence for silence meanwhile.
    mutating func note(isBusy: Bool) {
        mailbox.isBehind = isBusy || hasWaited
        hasWaited = false
    }

    /// The engines' threads look at the clock themselves.
    var nextDeadline: Timestamp? { nil }

    mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {}

    /// The engines' threads keep their state themselves.
    mutating func endTurn(at now: Timestamp) -> Bool { false }
    var mostSleep: Int64? { nil }

    /// The engines' threads are asked themselves.
    mutating func answerQuestion() {}

    // Where the sockets cannot be had, the engines end as they do after `finish`.
    deinit { endEngines() }

    private func hasRoom(_ index: Int) -> Bool {
        ways[index].observations.ring.hasRoom(
            for: ObservationRecord.maximumLength,
            count: (hasJoins ? Self.mostRecords : 1) + Self.recordsBeside)
    }

    private mutating func flush(_ index: Int) {
        ways[index].observations.flush()
        ways[index].hasUnflushed = false
        ways[index].engineDoorbell.ring()
    }

    /// Publishes the forecasts that have come back.
    private mutating func publish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink) throws(ZeroMQError) {
        var hasPublished = false
        for index in ways.indices {
            var count = 0
            while let record = ways[index].forecasts.next() {
                try ForecastRecord.publish(record, to: &sink)
                count += 1
            }
            guard count > 0 else { continue }
            hasPublished = true
            ways[index].forecasts.release()
            ways[index].engineDoorbell.ring()  // it may be waiting for room
        }
        if hasPublished { clock.end(.publish) }
    }

    mutating func finish<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        for index in ways.indices {
            flush(index)
            ways[index].observations.ring.finish()
            ways[index].engineDoorbell.ring()
        }
        while !isDrained {
            doorbell.sleep(atMost: 1000) { hasForecasts || isDrained }
            try publish(to: &sink)
        }
    }

    private var isDrained: Bool { ways.indices.allSatisfy { ways[$0].forecasts.ring.isDrained } }

    /// The engines report for themselves, but for members, which several of them may have.
    func count(into report: inout StatusReport) {
        report.streams = routes.memberCount
        report.latencies = clock.latencies
    }
}
