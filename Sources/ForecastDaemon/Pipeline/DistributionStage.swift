// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

/// The way to several engines, each on a thread of its own: observations go out by the hash of their stream's id,
/// forecasts come back as finished messages.
///
/// A stream always goes to the same engine, through one ring in and one ring out, so that its order is kept.
struct DistributionStage: ForecastStage, ~Copyable {
    private var ways: RigidArray<Way>
    /// Makes it unpredictable to senders which engine takes which stream.
    private let seed = UInt64.random(in: 0...(.max))
    private let doorbell: Doorbell

    /// The two rings between this thread and one engine's.
    private struct Way: ~Copyable {
        var observations: RecordWriter
        var forecasts: RecordReader
        let engineDoorbell: Doorbell
        var hasUnflushed = false
    }

    /// Makes the engines and starts their threads.
    init(_ plan: PipelinePlan, mailbox: Mailbox) throws(DaemonError) {
        doorbell = mailbox.doorbells[0]
        ways = RigidArray(capacity: plan.pipelineCount)
        let quota = StreamQuota(limit: plan.forecasts.streamsLimit)
        for index in 0..<plan.pipelineCount {
            let link = EngineLoop.Link(plan, thread: index + 1, mailbox: mailbox, quota: quota)
            ways.append(
                Way(
                    observations: RecordWriter(link.observations), forecasts: RecordReader(link.forecasts),
                    engineDoorbell: link.doorbell))
            try PipelineThread.start(name: "engine \(index + 1)") {
                var loop = EngineLoop(plan, link: link)
                loop.run()
            }
        }
    }

    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool {
        let hash = StreamIdentifier.hash(of: identifier, seed: seed)
        // The upper half times the count: an even division without the bits that tables are indexed by.
        let index = Int(((hash >> 32) * UInt64(ways.count)) >> 32)
        guard
            ObservationRecord(observation, input: input).append(identifier, to: &ways[index].observations)
        else { return false }
        ways[index].hasUnflushed = true
        return true
    }

    var hasForecasts: Bool {
        for index in ways.indices where !ways[index].forecasts.ring.isEmpty { return true }
        return false
    }

    mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        for index in ways.indices where ways[index].hasUnflushed { flush(index) }
        try publish(to: &sink)
        // A ring that is full keeps the loop from taking in more: wait for its engine rather than ask over and over.
        while let full = ways.indices.first(where: { !hasRoom($0) }) {
            doorbell.sleep(atMost: 1000) { hasRoom(full) || hasForecasts }
            try publish(to: &sink)
        }
    }

    /// The engines' threads look at the clock themselves.
    var nextDeadline: Timestamp? { nil }

    mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {}

    /// The engines' threads are asked themselves.
    var isAsked: Bool { false }

    mutating func answerQuestion() {}

    deinit {
        // Where the sockets cannot be had, the engines end as they do after `finish`.
        for index in ways.indices {
            ways[index].observations.ring.finish()
            ways[index].engineDoorbell.ring()
        }
    }

    private func hasRoom(_ index: Int) -> Bool {
        ways[index].observations.ring.hasRoom(for: ObservationRecord.maximumLength)
    }

    private mutating func flush(_ index: Int) {
        ways[index].observations.flush()
        ways[index].hasUnflushed = false
        ways[index].engineDoorbell.ring()
    }

    /// Publishes the forecasts that have come back.
    private mutating func publish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink) throws(ZeroMQError) {
        for index in ways.indices {
            var count = 0
            while let record = ways[index].forecasts.next() {
                try ForecastRecord.publish(record, to: &sink)
                count += 1
            }
            guard count > 0 else { continue }
            ways[index].forecasts.release()
            ways[index].engineDoorbell.ring()  // it may be waiting for room
        }
    }

    mutating func finish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink) throws(ZeroMQError) {
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

    /// The engines report for themselves.
    func count(into report: inout StatusReport) {}
}
