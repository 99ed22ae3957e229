// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
package import Forecasting
import WireFormat
package import ZeroMQ

/// Answers peers who missed messages of an output, from a log of the newest, a few messages in each turn.
package struct ReplayServer: ~Copyable {
    private var socket: Socket
    private var reconnection: Reconnection
    private var log: ReplayLog
    private let epoch: [UInt8]
    private var frames: RigidArray<Message>
    private var answers: RigidArray<ReplayAnswer>
    /// The answer that the next turn begins with, so that none starves another.
    private var firstAnswer = 0
    /// Whether the last turn sent something, or could have.
    private var isBusy = false
    /// What was asked and answered so far.
    package private(set) var counts = ReplayCounts()

    /// Requests taken in one turn, messages sent and messages passed over.
    private static let (requestsPerTurn, messagesPerTurn, visitsPerTurn) = (16, 32, 512)
    /// Answers on their way at a time, of all peers and of one.
    package static let (answersLimit, answersPerPeer) = (64, 8)
    /// Messages that wait for a peer to read them.
    private static let highWaterMark = 256
    /// Nanoseconds that a peer may leave its queue full before its answer is given up.
    package static let patience: Int64 = 5_000_000_000

    /// Opens the socket and lets `poller` watch it.
    ///
    /// - Parameters:
    ///   - options: How connections are kept.
    ///   - epoch: This life of the publisher, as its payloads have it.
    package init(
        _ plan: OutputKeeping.Replay, topicsLimit: Int, epoch: String, options: SocketOptions,
        context: Context, poller: inout Poller
    ) throws(ZeroMQError) {
        var options = options
        options.sendHighWaterMark = Self.highWaterMark
        options.receiveHighWaterMark = Self.highWaterMark
        var socket = try Socket(.router, in: context, options: options)
        let reconnection = try Reconnection(of: socket, to: [])
        for endpoint in plan.bind { try socket.bind(endpoint) }
        _ = poller.add(socket)
        self.socket = socket
        self.reconnection = reconnection
        log = ReplayLog(byteCount: plan.byteCount, topicsLimit: topicsLimit)
        self.epoch = Array(epoch.utf8)
        frames = RigidArray(capacity: ReplayRequest.frameLimit)
        for _ in 0..<ReplayRequest.frameLimit { frames.append(Message()) }
        answers = RigidArray(capacity: Self.answersLimit)
    }

    /// Takes note of what became of connections, about once a second.
    mutating func restoreConnections() throws(ZeroMQError) { _ = try reconnection.restore(&socket) }

    /// Cuts the connections that peers have made; those that are still admitted come back.
    mutating func cutPeers() throws(ZeroMQError) { try reconnection.cutPeers() }

    /// Connections whose peer does not speak our ZeroMQ.
    var failedHandshakes: UInt64 { reconnection.counts.failedHandshakes }

    /// Notes a message of the topic with a number among `RetainedMessages`.
    package mutating func note(_ payload: RawSpan, topic: Int, sequence: UInt64) {
        log.append(payload, topic: topic, sequence: sequence)
    }

    /// Takes in requests and goes on with answers, for a limited time; says whether there was anything to do.
    package mutating func serve(_ kept: borrowing RetainedMessages, at now: Timestamp) throws(ZeroMQError)
        -> Bool
    {
        var requestCount = 0
        while requestCount < Self.requestsPerTurn, let count = try receive() {
            requestCount += 1
            try begin(count, kept)
        }
        isBusy = false
        guard !answers.isEmpty else { return requestCount > 0 }
        var (messages, visits) = (Self.messagesPerTurn, Self.visitsPerTurn)
        firstAnswer = (firstAnswer + 1) % answers.count
        var index = firstAnswer
        for _ in 0..<answers.count {
            if index == answers.count { index = 0 }
            if try advance(index, kept, at: now, &messages, &visits) {
                index += 1
            } else {
                _ = answers.remove(at: index)
            }
        }
        return true
    }

    /// How many nanoseconds may pass until the next turn; nil if there is no need.
    package var delay: Int64? { answers.isEmpty ? nil : isBusy ? 0 : 5_000_000 }

    /// Receives a message; gives the number of its frames, of which those after the sixth are thrown away.
    private mutating func receive() throws(ZeroMQError) -> Int? {
        guard try socket.receive(into: &frames[0], wait: false) else { return nil }
        var count = 1
        while frames[count - 1].hasMore {
            guard count < frames.count else { return try count + socket.discardRest(of: &frames[count - 1]) }
            _ = try socket.receive(into: &frames[count], wait: false)
            count += 1
        }
        return count
    }

    /// Begins the answer to the request whose frames have come, or refuses it.
    private mutating func begin(_ count: Int, _ kept: borrowing RetainedMessages) throws(ZeroMQError) {
        counts.requests += 1
        // No peer's name and no message is shorter or longer: libzmq sees to that.
        guard let peer = ShortBytes<255>(frames[0].bytes), count > 1 else { return }
        let identifier = ShortBytes<32>(frames[1].bytes)
        let reply = ReplayReply(peer: peer, identifier: identifier ?? ShortBytes())
        let request: ReplayRequest
        do throws(ReplayRequest.Refusal) {
            guard identifier != nil else { throw .identifier }
            request = try ReplayRequest(frames, count: count)
        } catch {
            counts.malformed += 1
            return try reply.refuse("error", error.text.bytes, by: &socket)
        }
        let epoch = epoch
        if request.command != .state && !request.epoch.bytes.isEqual(to: epoch.span.bytes) {
            counts.otherEpoch += 1
            return try reply.refuse("other_epoch", epoch.span.bytes, by: &socket)
        }
        guard hasRoom(for: peer) else {
            counts.busy += 1
            return try reply.refuse("busy", epoch.span.bytes, by: &socket)
        }
        answers.append(ReplayAnswer(request, to: reply, from: kept, log))
    }

    private func hasRoom(for peer: borrowing ShortBytes<255>) -> Bool {
        guard answers.count < Self.answersLimit else { return false }
        var count = 0
        for index in answers.indices where answers[index].reply.peer.bytes.isEqual(to: peer.bytes) {
            count += 1
        }
        return count < Self.answersPerPeer
    }

    /// Goes on with an answer; false if it is over.
    private mutating func advance(
        _ index: Int, _ kept: borrowing RetainedMessages, at now: Timestamp, _ messages: inout Int,
        _ visits: inout Int
    ) throws(ZeroMQError) -> Bool {
        let epoch = epoch
        while true {
            let step = answers[index].next(in: kept, log, visits: &visits)
            if step == .pause || messages == 0 {
                isBusy = true
                return true
            }
            switch try Self.send(step, of: answers[index], kept, log, epoch: epoch.span.bytes, by: &socket) {
            case .open:
                if case .tooOld = step { counts.tooOld += 1 }
                guard step.isMessage else { return false }
                messages -= 1
                counts.messages += 1
                answers[index].pass(log)
            case .full: return isPatient(with: index, at: now)
            case .absent:
                counts.abandoned += 1
                return false
            }
        }
    }

    /// Whether to go on waiting for a peer to read.
    private mutating func isPatient(with index: Int, at now: Timestamp) -> Bool {
        let since = min(answers[index].fullSince ?? now, now)
        answers[index].fullSince = since
        guard now.nanoseconds - since.nanoseconds > Self.patience else { return true }
        counts.abandoned += 1
        return false
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func send(
        _ step: ReplayAnswer.Step, of answer: borrowing ReplayAnswer, _ kept: borrowing RetainedMessages,
        _ log: borrowing ReplayLog, epoch: RawSpan, by socket: inout Socket
    ) throws(ZeroMQError) -> Addressing {
        switch step {
        case .retained(let topic):
            try answer.reply.message(
                kept.payload(topic), topic: kept.topic(topic), sequence: kept.sequence(topic), by: &socket)
        case .logged(let position):
            try answer.reply.message(
                log.payload(at: position), topic: kept.topic(log.topic(at: position)),
                sequence: log.sequence(at: position), by: &socket)
        case .tooOld(let first): try answer.reply.tooOld(epoch: epoch, first: first, by: &socket)
        case .end, .pause:
            try answer.reply.end(epoch: epoch, newest: answer.newest, sent: answer.sent, by: &socket)
        }
    }
}
