// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import Glibc
import ZeroMQ

/// How many values a second pass through the whole daemon, from a real socket to a real socket.
struct FlowBench {
    private let plan: PipelinePlan
    private let streams: Int
    private let signals: Int32
    private let folder: String

    /// Makes a bench of `plan` with sockets of its own.
    ///
    /// - Parameter signals: The descriptor of `TerminationSignals`; a signal ends the bench.
    init(_ plan: PipelinePlan, streams: Int, signals: Int32) throws(DaemonError) {
        let parent = FileManager.default.temporaryDirectory.path
        var template = Array("\(parent)/forecastd-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DaemonError(
                .cannotCreate,
                "cannot make a folder in \(parent) for sockets: \(String(cString: strerror(errno)))"
            )
        }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        (self.streams, self.signals) = (streams, signals)
        var plan = plan.replacingSockets(input: "ipc://\(folder)/in", output: "ipc://\(folder)/out")
        // Nothing of the daemon's own state is touched, but state is kept as it keeps it.
        plan.state?.directory = folder + "/state"
        self.plan = plan
    }

    /// Forecasts per second, after a warm-up, with the pipelines kept busy for `duration`.
    func rate(duration: Duration) async throws -> Double {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let mailbox = try Mailbox(threadCount: plan.threadCount)
        let (ready, announcement) = AsyncStream.makeStream(of: Void.self)
        let running = Task { [plan] in
            defer { announcement.finish() }
            try await PipelineThread.run(plan, mailbox: mailbox) { announcement.yield() }
        }
        guard await ready.first(where: { true }) != nil else {
            try await running.value  // says why there are no sockets
            return 0
        }
        let rate = try await withCheckedThrowingContinuation { measured in
            do throws(DaemonError) {
                try PipelineThread.start(name: "load") {
                    measured.resume(returning: Result { () throws(DaemonError) in try load(for: duration) })
                }
            } catch {
                measured.resume(throwing: error)
            }
        }
        mailbox.stop()
        try await running.value
        return try rate.get()
    }

    private func load(for duration: Duration) throws(DaemonError) -> Double {
        do {
            var load = try Load(
                streams: streams, time: plan.forecasts.rules[0].time, signals: signals,
                input: "ipc://\(folder)/in", output: "ipc://\(folder)/out")
            try load.join()
            _ = try load.rate(for: duration / 4)
            return try load.rate(for: duration)
        } catch let error as ZeroMQError {
            throw DaemonError(error)
        } catch {
            throw error as? DaemonError ?? DaemonError(.software, "\(error)")
        }
    }
}

/// Values out, forecasts in, a limited number on their way.
private struct Load: ~Copyable {
    private let identifiers: [[UInt8]]
    /// Seconds between the times of two values of a stream; nil where values have no times.
    private let step: Int64?
    /// Values without their forecast: those in open ticks, and those on their way.
    private let limit: Int
    private var values: Socket
    private var forecasts: Socket
    private var poller = Poller()
    private let signalItem: Int
    private var frame = Message()
    private var sentCount = 0
    private var receivedCount = 0
    private var progress = ContinuousClock.now

    /// Values on their way: enough to keep a daemon busy, too few to fill a queue.
    private static let window = 800
    /// Without a forecast for so long, none will come.
    private static let patience = Duration.seconds(10)

    init(
        streams: Int, time: TimePolicy, signals: Int32, input: String, output: String
    ) throws(ZeroMQError) {
        identifiers = (0..<streams).map { Array("bench.\($0)".utf8) }
        if case .period(let period) = time.every {
            step = period / 1_000_000_000
            // A tick is closed by the first value that lies the lateness, a number of ticks, behind its end.
            let openTicks = 1 + Int(time.lateness / period)
            limit = Self.window + streams * openTicks
        } else {
            (step, limit) = (nil, Self.window)
        }
        let context = try Context()
        var forecasts = try Socket(.sub, in: context)
        try forecasts.subscribe(to: "bench.")  // not to alarms
        try forecasts.connect(output)
        var values = try Socket(.push, in: context)
        try values.connect(input)
        _ = poller.add(forecasts)
        signalItem = poller.add(descriptor: signals)
        self.forecasts = forecasts
        self.values = values
    }

    /// Sends values until forecasts come back, then waits for the last of them.
    mutating func join() throws {
        progress = .now
        repeat {
            // Open ticks of all streams come first, then a value at a time.
            while try send(), sentCount < limit - Self.window {}
            try receive(atMost: .milliseconds(20))
        } while receivedCount == 0
        var before: Int
        repeat {
            before = receivedCount
            try receive(atMost: .milliseconds(200))
        } while receivedCount > before
        // Forecasts made before the subscription was heard of will not come.
        receivedCount = sentCount - (limit - Self.window)
    }

    mutating func rate(for duration: Duration) throws -> Double {
        let (start, before) = (ContinuousClock.now, receivedCount)
        while ContinuousClock.now - start < duration {
            while sentCount - receivedCount < limit, try send() {}
            try receive(atMost: .milliseconds(100))
        }
        return Double(receivedCount - before) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// Sends the next value; gives whether it could be sent.
    private mutating func send() throws(ZeroMQError) -> Bool {
        let (round, index) = sentCount.quotientAndRemainder(dividingBy: identifiers.count)
        // Not yet connected: tried again with the next turn.
        let identifier = identifiers[index]
        guard try values.send(identifier.span.bytes, more: true) else { return false }
        let value = (Double(round) * 0.1).truncatingRemainder(dividingBy: 10)
        let time = step.map { "\"ts\":\(Int64(round) * $0)," } ?? ""
        let payload = Array("{\(time)\"value\":\(value)}".utf8)
        _ = try values.send(payload.span.bytes, more: false)
        sentCount += 1
        return true
    }

    /// Takes in the forecasts that have arrived, waiting for the first one.
    private mutating func receive(atMost limit: Duration) throws {
        let before = receivedCount
        _ = try poller.wait(atMost: limit)
        while try forecasts.receive(into: &frame, wait: false) { receivedCount += frame.hasMore ? 0 : 1 }
        if receivedCount > before { progress = .now }
        if poller.isReady(signalItem) {
            throw DaemonError(.unavailable, "bench: ended by a signal before all was measured")
        }
        guard ContinuousClock.now - progress < Self.patience else {
            throw DaemonError(
                .unavailable,
                "bench: expected a forecast for each value, found none for \(Self.patience.text) after "
                    + "\(sentCount) values and \(receivedCount) forecasts; see that the machine is not overloaded, "
                    + "then report the rule")
        }
    }
}
