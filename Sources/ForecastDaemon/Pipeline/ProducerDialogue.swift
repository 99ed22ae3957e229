// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat
import ZeroMQ

/// What a loss-free input says to its producers.
struct ProducerDialogue: ~Copyable {
    /// What came of a message.
    enum Outcome {
        /// The next one of a producer: to be decoded and taken in.
        case numbered(NumberedMessage)
        /// Nothing is left to do.
        case done
    }

    private var table: ProducerTable
    private let prefix: [UInt8]
    private let interval, timeout: UInt32
    /// Who was told last to say hello, and when.
    private var (stranger, strangerAt) = (ShortBytes<255>(), Timestamp(nanoseconds: 0))

    /// Begins, knowing how far producers of earlier lives had come.
    init(_ plan: PipelinePlan.Input, limits: ProducerTable.Limits, earlier: [EarlierProducer]) {
        table = ProducerTable(limits, seed: .random(in: 0...(.max)))
        prefix = Array("\(plan.name)/".utf8)
        interval = UInt32(plan.options.heartbeatInterval / .milliseconds(1))
        timeout = UInt32(plan.options.heartbeatTimeout / .milliseconds(1))
        // Where there are too many by now, the newest are kept.
        for producer in earlier.sorted(by: { $0.time > $1.time }) where producer.key.starts(with: prefix) {
            table.remember(
                producer.key.span.bytes, certain: producer.certain, received: producer.received,
                at: producer.time)
        }
    }

    /// Takes in what a peer says.
    ///
    /// - Parameters:
    ///   - header: The first frame.
    ///   - second: The next frame, which is the producer's id if it says hello.
    ///   - count: The number of frames.
    mutating func hear(
        _ header: RawSpan, _ second: RawSpan, count: Int, from peer: RawSpan, at now: Timestamp,
        by socket: inout Socket
    ) throws(ZeroMQError) -> Outcome? {
        guard count > 0, let request = ProducerRequest(header) else { return nil }
        switch request {
        case .hello(let version, let first):
            if let refusal = try greet(
                version: version, first: first, identifier: count == 2 ? second : RawSpan(), from: peer,
                at: now,
                by: &socket)
            {
                try Self.refuse(refusal, to: peer, by: &socket)
            }
        case .question:
            if !table.ask(peer, at: now) { try turnAway(peer, at: now, by: &socket) }
        case .message(let number):
            switch table.receive(number, from: peer, at: now) {
            case .next(let slot): return .numbered(NumberedMessage(producer: slot, number: number))
            case .resumed(let slot):
                return .numbered(NumberedMessage(producer: slot, number: number, isResumed: true))
            case .stranger: try turnAway(peer, at: now, by: &socket)
            case .repeated, .early: break
            }
        }
        return .done
    }

    /// Takes in a hello; says why not.
    private mutating func greet(
        version: UInt8, first: UInt64, identifier: RawSpan, from peer: RawSpan, at now: Timestamp,
        by socket: inout Socket
    ) throws(ZeroMQError) -> ProducerAnswer.Refusal? {
        guard version == ProducerRequest.version else { return .version }
        guard identifier.byteCount <= ProducerNumbers.longestIdentifier, StreamIdentifier.isValid(identifier),
            first <= ProducerTable.greatestNumber
        else { return .hello }
        var key = prefix
        identifier.withUnsafeBytes { key.append(contentsOf: $0) }
        if let other = table.otherSession(of: key.span.bytes, than: peer) {
            try Self.refuse(.replaced, to: table.peer(of: other), by: &socket)
        }
        return table.greet(peer, as: key.span.bytes, first: first, at: now) ? nil : .crowded
    }

    /// Tells a peer to say hello, which need not be repeated for each message of it.
    private mutating func turnAway(
        _ peer: RawSpan, at now: Timestamp, by socket: inout Socket
    ) throws(ZeroMQError) {
        let elapsed = now.nanoseconds - strangerAt.nanoseconds
        if stranger.bytes.isEqual(to: peer) && (0..<100_000_000).contains(elapsed) { return }
        (stranger, strangerAt) = (ShortBytes(peer) ?? ShortBytes(), now)
        try Self.refuse(.stranger, to: peer, by: &socket)
    }

    private static func refuse(
        _ refusal: ProducerAnswer.Refusal, to peer: RawSpan, by socket: inout Socket
    ) throws(ZeroMQError) {
        guard try socket.address(peer) == .open else { return }
        let frame = ProducerAnswer.refused(refusal).frame
        _ = try socket.send(frame.bytes, more: true)
        _ = try socket.send(refusal.text.bytes, more: false)
    }

    /// Names a producer for good.
    @_lifetime(borrow self)
    func key(of producer: Int) -> RawSpan { table.key(of: producer) }

    /// Whether messages have come that are part of no position.
    var hasNews: Bool { table.hasNews }

    /// All messages that have come are part of a position.
    mutating func endTurn(at position: UInt64) { table.endTurn(at: position) }

    /// Tells producers what is to be told, now that all is kept up to a position; false where a peer is too full for it.
    mutating func answer(keptPosition: UInt64, by socket: inout Socket) throws(ZeroMQError) -> Bool {
        table.acknowledge(through: keptPosition)
        var isComplete = true
        for _ in 0..<table.answerCount {
            guard let answer = table.takeAnswer() else { break }
            switch try socket.address(table.peer(of: answer.slot)) {
            case .open:
                let frame = frame(of: answer)
                _ = try socket.send(frame.bytes, more: false)
            case .full:
                table.postpone(answer)
                isComplete = false
            case .absent: table.disconnect(answer.slot)
            }
        }
        return isComplete
    }

    private func frame(of answer: ProducerTable.Answer) -> ShortFrame {
        let numbers = ProducerAnswer.Numbers(
            acknowledged: answer.acknowledged, received: answer.received, through: answer.through)
        let message: ProducerAnswer =
            switch answer.kind {
            case .welcome: .welcome(numbers, interval: interval, timeout: timeout)
            case .numbers: .numbers(numbers)
            case .resend: .resend(numbers)
            }
        return message.frame
    }

    /// What was counted so far.
    var counts: ProducerCounts { table.counts }
}
