// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Glibc
package import WireFormat
package import ZeroMQ

/// Shows what goes in or out of a daemon: subscribes as any client would, decodes, prints.
package struct Tap: ~Copyable {
    /// What to show, and when to end.
    package struct Options: Sendable {
        /// Which side of the daemon is listened to.
        package enum Side: Sendable {
            /// Values, read by a decoder.
            case inputs(PayloadDecoder)
            /// Forecasts.
            case outputs
        }

        /// Which side is listened to.
        package var side: Side
        /// Endpoints to connect to.
        package var endpoints: [String]
        /// Patterns of the streams to show; empty for all.
        package var patterns: [Glob] = []
        /// Messages after which to end; nil for no limit.
        package var limit: Int?
        /// Time after which to end; nil for no limit.
        package var duration: Duration?
        /// What to prove oneself with, and of whom proof is wanted; nil to talk in the clear.
        package var curve: CurveSecurity?
        /// Whether the configuration says that proof is wanted there.
        package var isSecured = false
        /// Names of inputs that are not shown.
        package var leftOut: [String] = []
        /// Whether to print JSON objects, one a line, instead of text.
        package var isJSON = false

        /// Makes options that show all streams.
        package init(side: Side, endpoints: [String]) {
            self.side = side
            self.endpoints = endpoints
        }
    }

    private let options: Options
    private var view: any TapView
    private var output = TapOutput()
    private var losses = SequenceLosses()
    private var messageCount = 0
    private var lastArrival = ContinuousClock.now
    private var hasComplained = false

    /// Silence after which a hint is given.
    private static let silence: Duration = .seconds(5)

    /// Makes a tap.
    package init(_ options: Options) {
        self.options = options
        switch (options.side, options.isJSON) {
        case (.outputs, true): view = ForecastJSONView()
        case (.outputs, false): view = ForecastView(isStyled: TapOutput.isStyled)
        case (.inputs(let decoder), let isJSON): view = ObservationView(decoder: decoder, isJSON: isJSON)
        }
    }

    /// Shows messages until a limit, a signal or the end of whoever reads the output.
    package mutating func run() throws(DaemonError) {
        let signals = try TerminationSignals.descriptor()
        if !options.leftOut.isEmpty {
            StandardError.writeLine(
                "tap: without \(options.leftOut.joined(separator: ", ")): only sub inputs that connect, and "
                    + "have the format of the first, can be shown together")
        }
        do throws(ZeroMQError) {
            let context = try Context()
            var socketOptions = SocketOptions()
            socketOptions.maximumReconnectInterval = .seconds(1)
            // Whatever a daemon may be told to take: a connection that is cut for its size never comes back.
            socketOptions.maximumMessageSize = 1 << 30
            socketOptions.curve = options.curve
            var socket = try Socket(.sub, in: context, options: socketOptions)
            // The subscriptions come first, so that the connection has them from the start.
            let prefixes = options.patterns.isEmpty ? [""] : options.patterns.map(\.literalPrefix)
            for prefix in Set(prefixes) { try socket.subscribe(to: prefix) }
            var reconnection = try Reconnection(of: socket, to: options.endpoints)
            for endpoint in options.endpoints { try socket.connect(endpoint) }
            if let legend = view.legend { StandardError.writeLine(legend) }
            try show(from: &socket, reconnection: &reconnection, until: signals)
        } catch {
            throw DaemonError(error)
        }
        if let problem = output.problem { throw problem }
        if !options.isJSON {
            let lost = losses.count > 0 ? ", \(losses.count) more were lost on the way" : ""
            StandardError.writeLine("tap: \(messageCount) messages of \(losses.streamCount) streams\(lost)")
        }
    }

    private mutating func show(
        from socket: inout Socket, reconnection: inout Reconnection, until signals: Int32
    ) throws(ZeroMQError) {
        let end = options.duration.map { ContinuousClock.now + $0 }
        var poller = Poller()
        let signalItem = poller.add(descriptor: signals)
        _ = poller.add(socket)
        var frame = Message()
        lastArrival = .now
        var restored = lastArrival
        while true {
            let now = ContinuousClock.now
            if let end, now >= end { return }
            let limit = min(end.map { $0 - now } ?? Self.silence, lastArrival + Self.silence - now)
            _ = try poller.wait(atMost: hasComplained ? end.map { $0 - now } ?? Self.silence : limit)
            if poller.isReady(signalItem) { return }
            // At most so many before a look at the signals.
            for _ in 0..<1000 {
                guard let frames = try Self.receive(from: &socket, into: &frame) else { break }
                show(frames)
                if let limit = options.limit, messageCount >= limit { return _ = output.flush() }
            }
            guard output.flush() else { return }
            if .now - restored >= .seconds(1) {
                _ = try reconnection.restore(&socket)
                restored = .now
            }
            if !hasComplained, .now - lastArrival >= Self.silence { complainOfSilence(reconnection.counts) }
        }
    }

    static func receive(
        from socket: inout Socket, into frame: inout Message
    ) throws(ZeroMQError) -> [[UInt8]]? {
        guard try socket.receive(into: &frame, wait: false) else { return nil }
        var frames = [frame.bytes.withUnsafeBytes { Array($0) }]
        while frame.hasMore, try socket.receive(into: &frame, wait: false) {
            frames.append(frame.bytes.withUnsafeBytes { Array($0) })
        }
        return frames
    }

    private mutating func show(_ frames: [[UInt8]]) {
        (lastArrival, hasComplained) = (.now, false)
        let message = TapMessage(frames: frames)
        guard
            options.patterns.isEmpty
                || options.patterns.contains(where: { $0.matches(message.stream.span.bytes) })
        else { return }
        messageCount += 1
        output.write(view.text(of: message, lostBefore: losses.note(message)))
    }

    private mutating func complainOfSilence(_ connections: ConnectionCounts) {
        hasComplained = true
        let (unconnected, connected) =
            switch options.side {
            case .inputs:
                ("is a publisher running, and bound there?", "it is connected; does anybody publish there?")
            case .outputs:
                (
                    "is the daemon running, and is this its output?",
                    "it is connected; are values coming in? (tap --inputs and tap --drops say)"
                )
            }
        let which =
            options.patterns.isEmpty
            ? "" : " that matches \(options.patterns.map(\.pattern).joined(separator: ", "))"
        let hint = SilenceHint.text(
            connections, isSecured: options.curve != nil, unconnected: unconnected, connected: connected)
        StandardError.writeLine(
            "tap: nothing\(which) received from \(options.endpoints.joined(separator: ", ")) for 5 s; \(hint) Still trying."
        )
    }
}
