// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat
public import ZeroMQ

/// Sends values to a loss-free input of forecastd (`socket: router`): numbers messages, keeps them until they are
/// acknowledged, sends again what was lost.
///
/// `Documentation/LossFreeInput.md` describes the protocol. One thread uses it, which calls `advance` in a loop.
public struct Producer: ~Copyable {
    private let context: Context
    private let endpoint: String
    private let identifier: [UInt8]
    private let limit: Int
    private let curve: CurveSecurity?
    private var socket: Socket
    private var reconnection: Reconnection
    private var frame: Message
    private var pending = PendingMessages()
    private var isWelcome = false
    /// Messages that were sent, that have arrived, and that may be sent, each up to this number.
    private var (sent, received, through): (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// How often to ask, and after how long a silence to give the daemon up.
    private var (interval, timeout) = (Duration.seconds(5), Duration.seconds(15))
    /// When an answer came last, at first when this began; when connections were looked at last.
    private var (answered, restored) = (ContinuousClock.now, ContinuousClock.now)
    /// When the daemon was heard, spoken to, and greeted last.
    private var (heard, spoken) = (ContinuousClock.now, ContinuousClock.now)
    private var greeted: ContinuousClock.Instant?
    /// What was sent and what had arrived when the last question was asked.
    private var asked: (sent: UInt64, received: UInt64)?

    /// How long to wait for an answer before asking, and before saying hello again.
    private static var retry: Duration { .seconds(1) }

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - identifier: Names this producer for good, and no other: 1 to 64 bytes of `A-Z a-z 0-9 . _ : / -`.
    ///   - limit: Messages that may be unacknowledged.
    ///   - curve: This side's keys and the daemon's public key, where the input asks for proof.
    public init(
        _ identifier: String, connect endpoint: String, limit: Int = 100_000, curve: CurveSecurity? = nil
    ) throws(ProducerError) {
        let context: Context
        do throws(ZeroMQError) { context = try Context() } catch { throw .socket(error) }
        var socket = try Self.socket(in: context, curve: curve)
        reconnection = try Self.connect(&socket, to: endpoint)
        (self.endpoint, self.identifier, self.limit) = (endpoint, Array(identifier.utf8), limit)
        self.curve = curve
        self.context = context
        self.socket = socket
        frame = Message()
    }

    private static func socket(in context: Context, curve: CurveSecurity?) throws(ProducerError) -> Socket {
        var options = SocketOptions()
        options.curve = curve
        options.linger = .zero
        options.maximumReconnectInterval = .seconds(2)
        do throws(ZeroMQError) {
            return try Socket(.dealer, in: context, options: options)
        } catch { throw .socket(error) }
    }

    private static func connect(
        _ socket: inout Socket, to endpoint: String
    ) throws(ProducerError) -> Reconnection {
        do throws(ZeroMQError) {
            let reconnection = try Reconnection(of: socket, to: [endpoint])
            try socket.connect(endpoint)
            return reconnection
        } catch { throw .socket(error) }
    }

    /// Messages that are not acknowledged yet.
    public var unacknowledgedCount: Int { pending.count }

    /// Whether `send` takes another message over.
    public var hasRoom: Bool { pending.count < limit }

    /// For how long the daemon has not answered, while it has something to answer; nil where it has not.
    public var silence: Duration? {
        isWelcome && unacknowledgedCount == 0 ? nil : .now - answered
    }

    /// What became of the connections to the daemon, as of the last second.
    public var connections: ConnectionCounts { reconnection.counts }

    /// Takes a message over, to be sent by `advance`.
    ///
    /// - Precondition: `hasRoom`.
    public mutating func send(topic: [UInt8], payload: [UInt8]) {
        precondition(hasRoom, "ask hasRoom before another message")
        pending.append(topic: topic, payload: payload)
    }

    /// Sends and receives what there is, and waits for more, at most for so long and a quarter of a second.
    ///
    /// - Parameter descriptor: Ends the wait when it can be read.
    /// - Returns: Whether it can.
    public mutating func advance(
        atMost limit: Duration, watching descriptor: Int32? = nil
    ) throws(ProducerError) -> Bool {
        try speak()
        var poller = Poller()
        _ = poller.add(socket)
        let item = descriptor.map { poller.add(descriptor: $0) }
        let pause = min(limit, Self.retry / 4, interval > .zero ? interval / 4 : Self.retry)
        do throws(ZeroMQError) { _ = try poller.wait(atMost: pause) } catch { throw .socket(error) }
        while let answer = try receive() { try hear(answer) }
        try restore()
        try speak()
        return item.map { poller.isReady($0) } ?? false
    }

    private mutating func speak() throws(ProducerError) {
        let now = ContinuousClock.now
        if now - heard > timeout && (interval > .zero || pending.count > 0) { try connectAnew() }
        guard isWelcome, let first = pending.first else {
            if let greeted, now - greeted < Self.retry { return }
            let hello = ProducerRequest.hello(version: ProducerRequest.version, first: pending.first ?? 0)
            if try put(hello.frame, identifier) { greeted = now }
            return
        }
        sent = max(sent, first - 1)
        while sent < min(through, pending.last) {
            let message = pending[sent + 1]
            guard try put(ProducerRequest.message(number: sent + 1).frame, message.topic, message.payload)
            else {
                break
            }
            sent += 1
        }
        let isQuiet = pending.count > 0 && now - max(heard, spoken) >= Self.retry
        if isQuiet || interval > .zero && now - spoken >= interval, try put(ProducerRequest.question.frame) {
            asked = (sent, received)
        }
    }

    private mutating func restore() throws(ProducerError) {
        guard .now - restored >= Self.retry else { return }
        restored = .now
        do throws(ZeroMQError) { _ = try reconnection.restore(&socket) } catch { throw .socket(error) }
    }

    private mutating func connectAnew() throws(ProducerError) {
        socket = try Self.socket(in: context, curve: curve)
        reconnection = try Self.connect(&socket, to: endpoint)
        (heard, spoken, greeted, isWelcome) = (.now, .now, nil, false)
    }

    /// Sends a message; false if it cannot be sent now.
    private mutating func put(_ head: ShortFrame, _ rest: [UInt8]...) throws(ProducerError) -> Bool {
        do throws(ZeroMQError) {
            guard try socket.send(head.bytes, more: !rest.isEmpty) else { return false }
            for (index, bytes) in rest.enumerated() {
                _ = try socket.send(bytes.span.bytes, more: index + 1 < rest.count)
            }
        } catch { throw .socket(error) }
        spoken = .now
        return true
    }

    /// What the daemon says next that is understood; nil if it says nothing.
    private mutating func receive() throws(ProducerError) -> ProducerAnswer? {
        do throws(ZeroMQError) {
            while try socket.receive(into: &frame, wait: false) {
                heard = .now
                let answer = ProducerAnswer(frame.bytes)
                _ = try socket.discardRest(of: &frame)
                guard let answer else { continue }
                answered = .now
                return answer
            }
            return nil
        } catch { throw .socket(error) }
    }

    private mutating func hear(_ answer: ProducerAnswer) throws(ProducerError) {
        switch answer {
        case .refused(let refusal):
            guard refusal.isPassing else { throw .refused("\(refusal.text)") }
            isWelcome = false
            if refusal == .stranger { greeted = nil }
        case .welcome(let numbers, let interval, let timeout):
            try goOn(after: numbers.received)
            (through, asked, isWelcome) = (numbers.through, nil, true)
            self.interval = .milliseconds(Int(interval))
            if timeout > 0 { self.timeout = .milliseconds(Int(timeout)) }
        case .numbers(let numbers): take(numbers, isResend: false)
        case .resend(let numbers): take(numbers, isResend: true)
        }
    }

    /// Goes on behind what the daemon has.
    private mutating func goOn(after number: UInt64) throws(ProducerError) {
        if pending.first == nil { pending.number(after: number) }
        guard let first = pending.first, (first - 1...pending.last).contains(number) else {
            throw .refused(
                "the daemon has message \(number) of this producer, which was never sent: give each an id of its own"
            )
        }
        (sent, received) = (number, number)
        pending.acknowledge(through: number)
    }

    private mutating func take(_ numbers: ProducerAnswer.Numbers, isResend: Bool) {
        guard isWelcome else { return }
        pending.acknowledge(through: min(numbers.acknowledged, sent))
        // Nothing more has arrived since the question, which was sent behind all messages.
        let isLost = asked.map { numbers.received < $0.sent && numbers.received == $0.received } ?? false
        asked = nil
        received = max(received, numbers.received)
        through = max(through, numbers.through)
        if isResend || isLost, let first = pending.first,
            (first - 1...max(first - 1, sent)).contains(numbers.received)
        {
            sent = numbers.received
        }
    }
}
