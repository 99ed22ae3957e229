// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Glibc
import WireFormat
import ZeroMQ

/// Publishes the messages of a source when they are due, as a sensor gateway would.
package struct Generator {
    /// Where to publish, and when to end.
    package struct Options: Sendable {
        /// Whether to push to one peer each instead of publishing to all.
        package var pushes = false
        /// Endpoints to listen on.
        package var bind: [String] = []
        /// Endpoints to connect to.
        package var connect: [String] = []
        /// Messages after which to end; nil for no limit.
        package var limit: Int?
        /// Time after which to end; nil for no limit.
        package var duration: Duration?

        /// Makes the default options.
        package init() {}
    }

    private let options: Options
    private var source: any MessageSource
    private var sequences: [String: UInt64] = [:]
    private var messageCount = 0
    private var progress = ProgressLine()

    /// Makes a generator.
    package init(source: any MessageSource, options: Options) {
        self.source = source
        self.options = options
    }

    /// Publishes until the source or the limits end it, or a signal does.
    package mutating func run() throws(DaemonError) {
        let signals = try TerminationSignals.descriptor()
        let ending: Result<Void, DaemonError>
        do throws(ZeroMQError) {
            let context = try Context()
            var socket = try Socket(options.pushes ? .push : .pub, in: context)
            for endpoint in options.bind { try socket.bind(endpoint) }
            for endpoint in options.connect { try socket.connect(endpoint) }
            StandardError.writeLine(
                "generate: \(source.summary) to \((options.bind + options.connect).joined(separator: ", "))")
            ending = try publish(to: &socket, until: signals)
        } catch {
            throw DaemonError(error)
        }
        progress.end("generate: \(messageCount) messages of \(sequences.count) streams sent")
        try ending.get()
    }

    /// The loop.
    ///
    /// Errors of the source come as a result, apart from those of the socket.
    private mutating func publish(
        to socket: inout Socket, until signals: Int32
    ) throws(ZeroMQError) -> Result<Void, DaemonError> {
        let start = ContinuousClock.now
        let end = options.duration.map { start + $0 }
        while true {
            let messages: [GeneratedMessage]
            do throws(DaemonError) {
                guard let due = try source.nextDue() else { return .success(()) }
                if let end, due >= end {
                    _ = TerminationSignals.wait(on: signals, atMost: end - .now)
                    return .success(())
                }
                if TerminationSignals.wait(on: signals, atMost: due - .now) { return .success(()) }
                messages = try source.messages(at: WallClock.now())
            } catch {
                return .failure(error)
            }
            for message in messages {
                if let limit = options.limit, messageCount >= limit { return .success(()) }
                guard try send(message, to: &socket, until: signals) else { return .success(()) }
            }
            progress.show("generate: \(messageCount) messages of \(sequences.count) streams")
        }
    }

    /// Sends a message; false if a signal came while no peer would take it.
    private mutating func send(
        _ message: GeneratedMessage, to socket: inout Socket, until signals: Int32
    ) throws(ZeroMQError) -> Bool {
        let frames: [[UInt8]]
        switch message {
        case .lost(let stream):
            _ = nextSequence(of: stream)
            return true
        case .observation(let stream, let observation):
            frames = [
                Array(stream.utf8), Array(observation.json.utf8), nextSequence(of: stream).littleEndianBytes,
            ]
        case .corrupt(let corrupt):
            frames = corrupt
        }
        while !(try socket.sendMessage(frames)) {
            progress.show("generate: \(messageCount) messages; waiting for a peer to take the next")
            if TerminationSignals.wait(on: signals, atMost: .milliseconds(10)) { return false }
        }
        messageCount += 1
        return true
    }

    private mutating func nextSequence(of stream: String) -> UInt64 {
        sequences[stream, default: 0] += 1
        return sequences[stream] ?? 1
    }
}

extension Socket {
    /// Sends all frames; false if no peer takes them.
    fileprivate mutating func sendMessage(_ frames: [[UInt8]]) throws(ZeroMQError) -> Bool {
        for (index, frame) in frames.enumerated() {
            guard try send(frame.span.bytes, more: index < frames.count - 1) else { return false }
        }
        return true
    }
}

extension Observation {
    /// The observation as the JSON payload of a message.
    fileprivate var json: String { "{\"ts\":\"\(time.rfc3339)\",\"value\":\(value)}" }
}

extension UInt64 {
    /// The number as the sequence frame of a message.
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian, Array.init) }
}
