// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ZeroMQ

/// How many values a second pass through the whole daemon, from a real socket to a real socket.
struct FlowBench {
    private let plan: PipelinePlan
    private let streams: Int
    private let folder: String

    /// Makes a bench of `plan` with sockets of its own.
    init(_ plan: PipelinePlan, streams: Int) throws(DaemonError) {
        var template = Array("/tmp/forecastd-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DaemonError(
                .cannotCreate, "cannot make a folder in /tmp for sockets: \(String(cString: strerror(errno)))"
            )
        }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.streams = streams
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
                    measured.resume(returning: Result { () throws(ZeroMQError) in try load(for: duration) })
                }
            } catch {
                measured.resume(throwing: error)
            }
        }
        mailbox.stop()
        try await running.value
        do { return try rate.get() } catch { throw DaemonError(error) }
    }

    private func load(for duration: Duration) throws(ZeroMQError) -> Double {
        var load = try Load(streams: streams, input: "ipc://\(folder)/in", output: "ipc://\(folder)/out")
        try load.join()
        _ = try load.rate(for: duration / 4)
        return try load.rate(for: duration)
    }
}

/// Values out, forecasts in, a limited number on their way.
private struct Load: ~Copyable {
    private let identifiers: [[UInt8]]
    private var values: Socket
    private var forecasts: Socket
    private var poller = Poller()
    private var frame = Message()
    private var sentCount = 0
    private var receivedCount = 0

    /// Values on their way: enough to keep a daemon busy, too few to fill a queue.
    private static let window = 800

    init(streams: Int, input: String, output: String) throws(ZeroMQError) {
        identifiers = (0..<streams).map { Array("bench.\($0)".utf8) }
        let context = try Context()
        var forecasts = try Socket(.sub, in: context)
        try forecasts.subscribe(to: "")
        try forecasts.connect(output)
        var values = try Socket(.push, in: context)
        try values.connect(input)
        _ = poller.add(forecasts)
        self.forecasts = forecasts
        self.values = values
    }

    /// Sends values until forecasts come back, then waits for the last of them.
    mutating func join() throws(ZeroMQError) {
        repeat { try send() } while try receive(atMost: .milliseconds(20)) == 0
        while try receive(atMost: .milliseconds(200)) > 0 {}
        (sentCount, receivedCount) = (0, 0)
    }

    mutating func rate(for duration: Duration) throws(ZeroMQError) -> Double {
        let (start, before) = (ContinuousClock.now, receivedCount)
        while ContinuousClock.now - start < duration {
            while sentCount - receivedCount < Self.window { try send() }
            receivedCount += try receive(atMost: .milliseconds(100))
        }
        return Double(receivedCount - before) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private mutating func send() throws(ZeroMQError) {
        let identifier = identifiers[sentCount % identifiers.count]
        // Not yet connected: tried again with the next turn.
        guard try values.send(identifier.span.bytes, more: true) else { return }
        let value = (Double(sentCount / identifiers.count) * 0.1).truncatingRemainder(dividingBy: 10)
        let payload = Array("{\"value\":\(value)}".utf8)
        _ = try values.send(payload.span.bytes, more: false)
        sentCount += 1
    }

    /// Takes in the forecasts that have arrived, waiting for the first one; gives their number.
    private mutating func receive(atMost limit: Duration) throws(ZeroMQError) -> Int {
        var count = 0
        _ = try poller.wait(atMost: limit)
        while try forecasts.receive(into: &frame, wait: false) { count += frame.hasMore ? 0 : 1 }
        return count
    }
}
