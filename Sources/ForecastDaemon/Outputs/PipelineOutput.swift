// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import ZeroMQ

/// One output at work: its socket, what it keeps of what it has published, and who gets that again.
struct PipelineOutput: ~Copyable {
    private var socket: Socket
    private var reconnection: Reconnection
    private var retained: RetainedMessages?
    private var subscriptions: SubscriptionLimit
    private var lastValues: LastValueRepeat?
    private var replay: ReplayServer?
    private var counts: StatusReport.Output

    /// No flood of requests may hold up the rest of a turn for longer, some 20 ms; with fewer, libzmq would take them
    /// over faster than they are received here, and its memory grow.
    private static let requestsPerTurn = 20_000

    /// Opens the sockets and lets `poller` watch them, so that they notice subscribers that come and go also while
    /// nothing is published.
    init(
        _ plan: PipelinePlan.Output, epoch: String, context: Context, poller: inout Poller
    ) throws(ZeroMQError) {
        var options = plan.options
        options.reportsDrops = true
        precondition(
            !plan.isSecured || options.curve != nil, "an output that asks for proof needs the daemon's keys")
        var socket = try Socket(.xpub, in: context, options: options)
        let reconnection = try Reconnection(of: socket, to: plan.connect)
        for endpoint in plan.bind { try socket.bind(endpoint) }
        for endpoint in plan.connect { try socket.connect(endpoint) }
        _ = poller.add(socket)
        replay = try Self.replay(plan, epoch: epoch, context: context, poller: &poller)
        self.socket = socket
        self.reconnection = reconnection
        subscriptions = SubscriptionLimit(plan.subscriptions)
        let isRepeated = plan.keeping?.isRepeated ?? false
        lastValues = isRepeated ? LastValueRepeat(waitingLimit: plan.subscriptions) : nil
        retained = plan.keeping.map { RetainedMessages($0) }
        counts = StatusReport.Output(name: plan.name)
    }

    private static func replay(
        _ plan: PipelinePlan.Output, epoch: String, context: Context, poller: inout Poller
    ) throws(ZeroMQError) -> ReplayServer? {
        guard let keeping = plan.keeping, let replay = keeping.replay else { return nil }
        return try ReplayServer(
            replay, topicsLimit: keeping.topicsLimit, epoch: epoch, options: plan.options, context: context,
            poller: &poller)
    }

    /// The output's name in the configuration.
    var name: String { counts.name }

    /// Publishes a message without waiting.
    ///
    /// A subscriber that is found to be full stays left out until it has caught up.
    mutating func publish(_ payload: RawSpan, topic: RawSpan, sequence: UInt64) throws(ZeroMQError) {
        let isComplete = try socket.publish(payload, topic: topic, sequence: sequence)
        counts.published += 1
        if !isComplete { counts.dropped += 1 }
        guard retained != nil else { return }
        if let number = retained?.retain(payload, topic: topic, sequence: sequence) {
            replay?.note(payload, topic: number, sequence: sequence)
        } else {
            counts.unkept += 1
        }
    }

    /// Gives peers what was published before, for a limited time; says whether there was anything to do.
    mutating func serve(at now: Timestamp) throws(ZeroMQError) -> Bool {
        let hasHeard = try hear()
        return try Self.serve(retained, by: &socket, &lastValues, &replay, at: now) || hasHeard
    }

    /// Takes in what subscribers ask for; says whether there was anything.
    private mutating func hear() throws(ZeroMQError) -> Bool {
        var count = 0
        while count < Self.requestsPerTurn, try subscriptions.receive(from: &socket, peers: &reconnection) {
            count += 1
            lastValues?.note(subscriptions.request)
            try subscriptions.discardRest(from: &socket)
        }
        return count > 0
    }

    // Static with explicit parameters: one property may not be in hand while another one changes.
    private static func serve(
        _ retained: borrowing RetainedMessages?, by socket: inout Socket,
        _ lastValues: inout LastValueRepeat?,
        _ replay: inout ReplayServer?, at now: Timestamp
    ) throws(ZeroMQError) -> Bool {
        switch retained {
        case .none: return false
        case .some(let retained):
            let isRepeating = try lastValues?.serve(retained, by: &socket) ?? false
            let isReplaying = try replay?.serve(retained, at: now) ?? false
            return isRepeating || isReplaying
        }
    }

    /// Makes connections anew that were cut because the peer broke the protocol, about once a second; says whether
    /// anything became of any.
    mutating func restoreConnections() throws(ZeroMQError) -> Bool {
        let before = connectionCounts
        let restored = try reconnection.restore(&socket)
        try replay?.restoreConnections()
        subscriptions.beginSecond(reconnection)
        return restored > 0 || connectionCounts != before
    }

    /// Cuts the connections that peers have made; those that are still admitted come back.
    mutating func cutPeers() throws(ZeroMQError) {
        try reconnection.cutPeers()
        try replay?.cutPeers()
    }

    /// Those of the replay socket count where they fail: it is the output's other door.
    private var connectionCounts: ConnectionCounts {
        var counts = reconnection.counts
        switch replay {
        case .some(let replay): counts.failedHandshakes += replay.failedHandshakes
        case .none: break
        }
        return counts
    }

    /// How many nanoseconds may pass until the next `serve`; nil if there is no need.
    var delay: Int64? {
        switch lastValues {
        case .some(let lastValues) where lastValues.isBusy: return 0
        default: break
        }
        switch replay {
        case .some(let replay): return replay.delay
        case .none: return nil
        }
    }

    /// What was published so far.
    var currentCounts: StatusReport.Output {
        var counts = counts
        counts.connections = connectionCounts
        counts.cutSubscribers = subscriptions.cut
        switch lastValues {
        case .some(let lastValues):
            counts.repeated = lastValues.repeated
            counts.dropped += lastValues.dropped
            counts.refusedSubscriptions = lastValues.refused
        case .none: break
        }
        switch replay {
        case .some(let replay): counts.replay = replay.counts
        case .none: break
        }
        return counts
    }
}

extension Socket {
    /// Publishes `[topic][payload][sequence, 8 bytes little endian]`; false if a subscriber's queue was full.
    mutating func publish(_ payload: RawSpan, topic: RawSpan, sequence: UInt64) throws(ZeroMQError) -> Bool {
        let isComplete = try publish(topic, more: true)
        _ = try publish(payload, more: true)
        let frame: InlineArray<1, UInt64> = [sequence.littleEndian]
        _ = try publish(frame.span.bytes, more: false)
        return isComplete
    }
}
