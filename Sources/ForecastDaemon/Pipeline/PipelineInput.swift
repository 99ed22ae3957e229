// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat
import ZeroMQ

/// One input at work: its socket and the frames of the message that is being read.
struct PipelineInput: ~Copyable {
    private let decoder: PayloadDecoder
    private var socket: Socket
    private var reconnection: Reconnection
    private var first: Message
    private var second: Message
    private var third: Message
    /// The frame before those, which says who sent them (`router` only).
    private var peer: Message
    private var dialogue: ProducerDialogue?
    /// Frames of the message that was received last, without that which says who sent it.
    private var partCount = 0
    private let topicsLimit: Int
    /// What the messages' numbers tell; nil before the first that had one.
    private var sequences: SenderSequences?
    /// What streams which peer has brought; nil where that is not limited.
    private var shares: StreamShares?

    /// Opens the socket and lets `poller` watch it.
    init(
        _ plan: PipelinePlan.Input, topicsLimit: Int, earlier: EarlierLife, context: Context,
        poller: inout Poller
    ) throws(ZeroMQError) {
        precondition(
            !plan.isSecured || plan.options.curve != nil,
            "an input that asks for proof needs the daemon's keys")
        var socket = try Socket(plan.socket, in: context, options: plan.options)
        let reconnection = try Reconnection(of: socket, to: plan.connect)
        for topic in plan.topics { try socket.subscribe(to: topic) }
        for endpoint in plan.bind { try socket.bind(endpoint) }
        for endpoint in plan.connect { try socket.connect(endpoint) }
        _ = poller.add(socket)
        self.socket = socket
        self.reconnection = reconnection
        decoder = plan.decoder
        first = Message()
        second = Message()
        third = Message()
        peer = Message()
        if let limits = plan.producers {
            dialogue = ProducerDialogue(plan, limits: limits, earlier: earlier.producers)
        } else {
            dialogue = nil
        }
        self.topicsLimit = topicsLimit
        shares = plan.streamsPerPeer.map {
            StreamShares(
                limit: $0, earlier: earlier.streams, streamsLimit: topicsLimit,
                seed: .random(in: 0...(.max)))
        }
    }

    /// Makes connections anew that were cut because the peer broke the protocol; gives their number.
    ///
    /// To be called about once a second, after the socket is drained.
    mutating func restoreConnections() throws(ZeroMQError) -> Int { try reconnection.restore(&socket) }

    /// Cuts the connections that peers have made; those that are still admitted come back.
    mutating func cutPeers() throws(ZeroMQError) { try reconnection.cutPeers() }

    /// What became of the socket's connections, as of the last `restoreConnections`.
    var connectionCounts: ConnectionCounts { reconnection.counts }

    /// What came of one look at the socket.
    enum Outcome {
        /// Nothing has arrived.
        case nothing
        /// A message's observations are in the `DecodedMessage`.
        case decoded
        /// A message that a producer has numbered; its observations, if it was understood, are there as well.
        case numbered(NumberedMessage)
        /// What a producer said is done with.
        case heard
        /// A message was dropped.
        case dropped(DecodeError)
    }

    /// Receives one message, if one has arrived, and decodes it.
    mutating func receive(
        into decoded: inout DecodedMessage, at now: Timestamp
    ) throws(ZeroMQError) -> Outcome {
        if isLossFree { return try hear(into: &decoded, at: now) }
        guard let count = try receiveParts() else { return .nothing }
        partCount = count
        do throws(DecodeError) {
            try decode(partCount: count, into: &decoded)
            try Self.check(decoded, from: first, &shares)
            return .decoded
        } catch {
            return .dropped(error)
        }
    }

    /// Receives the parts of one message, which arrive together, and gives their number.
    ///
    /// Parts after the third are thrown away.
    private mutating func receiveParts() throws(ZeroMQError) -> Int? {
        guard try socket.receive(into: &first, wait: false) else { return nil }
        guard first.hasMore else { return 1 }
        _ = try socket.receive(into: &second, wait: false)
        guard second.hasMore else { return 2 }
        _ = try socket.receive(into: &third, wait: false)
        guard third.hasMore else { return 3 }
        return try 3 + socket.discardRest(of: &third)
    }

    /// What the numbers of all messages told.
    var sequenceCounts: SequenceCounts {
        if let counts = producerCounts {
            var sequences = SequenceCounts()
            (sequences.missed, sequences.repeated) = (counts.lost, counts.repeated)
            return sequences
        }
        return switch sequences {
        case .some(let sequences): sequences.totals
        case nil: SequenceCounts()
        }
    }

    /// What the numbers of the messages of one topic told; nil if none had a number.
    func sequenceCounts(of topic: RawSpan) -> SequenceCounts? {
        switch sequences {
        case .some(let sequences): sequences.counts(of: topic)
        case nil: nil
        }
    }

    /// Takes in the number of a message, whatever comes of its payload.
    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func count(
        _ number: SequenceNumber, of topic: borrowing Message, in sequences: inout SenderSequences?,
        limit: Int
    ) {
        if sequences == nil { sequences = SenderSequences(capacity: limit, seed: .random(in: 0...(.max))) }
        sequences?.count(number, of: topic.bytes)
    }

    private var isLossFree: Bool {
        switch dialogue {
        case .some: true
        case nil: false
        }
    }

    /// Receives one message of a producer, if one has arrived.
    private mutating func hear(into decoded: inout DecodedMessage, at now: Timestamp) throws(ZeroMQError)
        -> Outcome
    {
        guard try socket.receive(into: &peer, wait: false) else { return .nothing }
        let count = peer.hasMore ? try receiveParts() ?? 0 : 0
        partCount = count
        let outcome = try Self.hear(first, second, count, of: peer, by: &socket, &dialogue, at: now)
        switch outcome {
        case nil: return .dropped(.header)
        case .done: return .heard
        case .numbered(var message):
            do throws(DecodeError) {
                guard count == 3 else { throw .frameCount }
                try decoder.decode(identifier: second.bytes, payload: third.bytes, into: &decoded)
                // Of one that comes again a part may be kept already.
                if !message.isResumed { try Self.check(decoded, from: first, &shares) }
            } catch { message.error = error }
            return .numbered(message)
        }
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func hear(
        _ first: borrowing Message, _ second: borrowing Message, _ count: Int, of peer: borrowing Message,
        by socket: inout Socket, _ dialogue: inout ProducerDialogue?, at now: Timestamp
    ) throws(ZeroMQError) -> ProducerDialogue.Outcome? {
        try dialogue?.hear(
            first.bytes, second.bytes, count: count, from: peer.bytes, at: now, by: &socket) ?? nil
    }

    /// Tells a stage that a message of a producer begins; false if there is no room for it now.
    func begin<Stage: ForecastStage & ~Copyable>(
        _ message: NumberedMessage, observations count: Int, in stage: inout Stage, at now: Timestamp
    ) -> Bool {
        switch dialogue {
        case .some(let dialogue):
            stage.beginMessage(
                message, of: dialogue.key(of: message.producer), observations: count, at: now)
        case nil: preconditionFailure("only a loss-free input has producers")
        }
    }

    /// Takes note that the message that was received last could not be read.
    func note(_ reason: DecodeError, number: Int, in messages: inout UnreadableMessages, at now: Timestamp) {
        let none = RawSpan()
        switch (isLossFree, partCount) {
        case (_, 0): messages.note(reason, input: number, topic: none, payload: none, at: now)
        case (true, 3...):
            messages.note(reason, input: number, topic: second.bytes, payload: third.bytes, at: now)
        case (false, 2...):
            messages.note(reason, input: number, topic: first.bytes, payload: second.bytes, at: now)
        default: messages.note(reason, input: number, topic: none, payload: first.bytes, at: now)
        }
    }

    /// Throws where a message has a stream that its sender may not bring.
    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func check(
        _ decoded: borrowing DecodedMessage, from message: borrowing Message, _ shares: inout StreamShares?
    ) throws(DecodeError) {
        guard shares != nil else { return }
        for index in 0..<decoded.count where shares?.knows(decoded.identifier(at: index)) == false {
            let isAdmitted = shares?.admit(decoded.identifier(at: index), of: message.sender)
            if isAdmitted == false { throw .streamsPerPeer }
        }
    }

    /// Whether messages of producers have come that are part of no position.
    var hasNews: Bool {
        switch dialogue {
        case .some(let dialogue): dialogue.hasNews
        case nil: false
        }
    }

    /// Ends a turn: what has come is part of a position, nil where nothing has, and producers are told how much is kept.
    ///
    /// - Returns: False where a peer's queue is too full for that.
    mutating func endTurn(at position: UInt64?, keptPosition: UInt64) throws(ZeroMQError) -> Bool {
        if let position { dialogue?.endTurn(at: position) }
        return try dialogue?.answer(keptPosition: keptPosition, by: &socket) ?? true
    }

    /// What came of producers' messages; nil where there are none.
    var producerCounts: ProducerCounts? {
        switch dialogue {
        case .some(let dialogue): dialogue.counts
        case nil: nil
        }
    }

    private mutating func decode(partCount: Int, into decoded: inout DecodedMessage) throws(DecodeError) {
        switch partCount {
        case 1:
            let parts = try MessageFrames.split(first.bytes)
            try decoder.decode(
                identifier: first.bytes.extracting(parts.identifier),
                payload: first.bytes.extracting(parts.payload), into: &decoded)
        case 2, 3:
            if partCount == 3 {
                let number = try MessageFrames.sequence(from: third.bytes)
                Self.count(number, of: first, in: &sequences, limit: topicsLimit)
            }
            try decoder.decode(identifier: first.bytes, payload: second.bytes, into: &decoded)
        default:
            throw .frameCount
        }
    }
}
