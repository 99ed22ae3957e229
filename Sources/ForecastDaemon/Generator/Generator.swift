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
        let ending = Ending(signals: signals, time: options.duration.map { .now + $0 })
        let result: Result<Void, DaemonError>
        do throws(ZeroMQError) {
            let context = try Context()
            var socket = try Socket(options.pushes ? .push : .pub, in: context)
            var endpoints: [String] = []
            for endpoint in options.bind {
                try socket.bind(endpoint)
                endpoints.append(try socket.lastEndpoint)
            }
            for endpoint in options.connect { try socket.connect(endpoint) }
            endpoints += options.connect
            StandardError.writeLine("generate: \(source.summary) to \(endpoints.joined(separator: ", "))")
            result = try publish(to: &socket, until: ending)
        } catch {
            throw DaemonError(error)
        }
        progress.end("generate: \(messageCount) messages of \(sequences.count) streams sent")
        try result.get()
    }

    /// The loop.
    ///
    /// Errors of the source come as a result, apart from those of the socket.
    private mutating func publish(
        to socket: inout Socket, until ending: Ending
    ) throws(ZeroMQError) -> Result<Void, DaemonError> {
        while true {
            let messages: [GeneratedMessage]
            do throws(DaemonError) {
                guard let due = try source.nextDue(), !ending.comes(before: due) else { return .success(()) }
                messages = try source.messages(at: WallClock.now())
            } catch {
                return .failure(error)
            }
            for message in messages {
                guard try send(message, to: &socket, until: ending) else { return .success(()) }
                if messageCount == options.limit { return .success(()) }
            }
            progress.show("generate: \(messageCount) messages of \(sequences.count) streams")
        }
    }

    /// Sends a message; false if the end came while no peer would take it.
    private mutating func send(
        _ message: GeneratedMessage, to socket: inout Socket, until ending: Ending
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
            if ending.comes(before: .now + .milliseconds(10)) { return false }
        }
        messageCount += 1
        return true
    }

    private mutating func nextSequence(of stream: String) -> UInt64 {
        sequences[stream, default: 0] += 1
        return sequences[stream] ?? 1
    }
}

/// What ends a generator before its source does.
private struct Ending {
    /// Becomes readable with a signal.
    let signals: Int32
    /// When the time is up; nil for never.
    let time: ContinuousClock.Instant?

    /// Waits until `instant`, or until the end if that comes first; gives whether it does.
    func comes(before instant: ContinuousClock.Instant) -> Bool {
        let isFirst = time.map { $0 <= instant } ?? false
        let wait = (isFirst ? time ?? instant : instant) - .now
        return TerminationSignals.wait(on: signals, atMost: wait) || isFirst
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
