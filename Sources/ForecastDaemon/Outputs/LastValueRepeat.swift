// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

/// Publishes last messages again for those who have subscribed, a few in each turn.
///
/// Subscriptions that come together are served by one pass over the topics, and those that come meanwhile by the next.
struct LastValueRepeat: ~Copyable {
    /// What a subscriber asks for.
    private enum Wish {
        case prefix(TopicPrefix), nothing, unknown
    }

    /// What a subscription asks for that is being served; empty where none is.
    private var prefixes = RigidArray<TopicPrefix>(capacity: prefixLimit)
    private var request = Message()
    /// The next topic, and the first that was not there when the pass began.
    private var (topic, limit) = (0, 0)
    /// Messages of all topics when the pass began; who subscribed before has got the later ones.
    private var publications: UInt64 = 0
    /// Subscriptions that no topic can match.
    private(set) var refused: UInt64 = 0
    /// Messages that were published again.
    private(set) var repeated: UInt64 = 0
    /// Those of them that did not reach every subscriber.
    private(set) var dropped: UInt64 = 0

    private static let prefixLimit = 32
    /// Taken in one turn: frames of subscribers, messages sent, topics passed over.
    private static let (requestsPerTurn, messagesPerTurn, visitsPerTurn) = (256, 32, 512)

    /// Takes in what subscribers ask for and goes on with the pass; says whether there was anything to do.
    mutating func serve(_ kept: borrowing RetainedMessages, by socket: inout Socket) throws(ZeroMQError)
        -> Bool
    {
        let requestCount = prefixes.isEmpty ? try receive(kept, from: &socket) : 0
        guard !prefixes.isEmpty else { return requestCount > 0 }
        var (messages, visits) = (Self.messagesPerTurn, Self.visitsPerTurn)
        while topic < limit, messages > 0, visits > 0 {
            visits -= 1
            if kept.publication(topic) <= publications && isAsked(kept.topic(topic)) {
                messages -= 1
                repeated += 1
                let isComplete = try socket.publish(
                    kept.payload(topic), topic: kept.topic(topic), sequence: kept.sequence(topic))
                if !isComplete { dropped += 1 }
            }
            topic += 1
        }
        if topic == limit { prefixes.removeAll() }
        return true
    }

    /// Whether a pass is not at its end.
    var isBusy: Bool { !prefixes.isEmpty }

    /// Takes in what subscribers ask for, and begins a pass; gives the number of frames.
    private mutating func receive(
        _ kept: borrowing RetainedMessages, from socket: inout Socket
    ) throws(ZeroMQError) -> Int {
        var count = 0
        while count < Self.requestsPerTurn, prefixes.count < Self.prefixLimit,
            try socket.receive(into: &request, wait: false)
        {
            count += 1
            switch Self.read(request) {
            case .prefix(let prefix): note(prefix)
            case .nothing: break
            case .unknown: refused += 1
            }
            count += try socket.discardRest(of: &request)
        }
        (topic, limit, publications) = (0, kept.count, kept.publications)
        return count
    }

    private static func read(_ request: borrowing Message) -> Wish {
        switch SubscriptionRequest(request.bytes) {
        case .subscribe(let prefix): TopicPrefix(prefix).map { .prefix($0) } ?? .unknown
        case .unsubscribe: .nothing
        case .unknown: .unknown
        }
    }

    /// Notes a prefix, unless one that was noted covers it.
    private mutating func note(_ prefix: TopicPrefix) {
        if !isAsked(prefix.bytes) { prefixes.append(prefix) }
    }

    private func isAsked(_ topic: RawSpan) -> Bool {
        for index in prefixes.indices where topic.starts(with: prefixes[index].bytes) { return true }
        return false
    }
}
