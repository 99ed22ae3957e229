// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

/// Publishes last messages again for those who have subscribed, a few in each turn.
///
/// Subscriptions that come together are served by one pass over the topics, and those that come meanwhile by the next.
struct LastValueRepeat: ~Copyable {
    /// What a subscription asks for that is being served; empty where none is.
    private var prefixes = RigidArray<TopicPrefix>(capacity: prefixLimit)
    /// What is to be served next.
    private var waiting: RigidArray<TopicPrefix>
    /// The next topic, and the first that was not there when the pass began.
    private var (topic, limit) = (0, 0)
    /// Messages of all topics when the pass began; who subscribed before has got the later ones.
    private var publications: UInt64 = 0
    /// Subscriptions that no topic can match, or that as many wait before as may.
    private(set) var refused: UInt64 = 0
    /// Messages that were published again.
    private(set) var repeated: UInt64 = 0
    /// Those of them that did not reach every subscriber.
    private(set) var dropped: UInt64 = 0

    private static let prefixLimit = 32
    /// In one turn: messages sent, topics passed over.
    private static let (messagesPerTurn, visitsPerTurn) = (32, 512)

    /// Begins with nothing to do; no more than so many subscriptions wait.
    init(waitingLimit: Int) { waiting = RigidArray(capacity: waitingLimit) }

    /// Notes what a subscriber asks for.
    mutating func note(_ request: borrowing Message) {
        switch SubscriptionRequest(request.bytes) {
        case .subscribe(let bytes):
            if let prefix = TopicPrefix(bytes), waiting.count < waiting.capacity {
                waiting.append(prefix)
            } else {
                refused += 1
            }
        case .unsubscribe: break
        case .unknown: refused += 1
        }
    }

    /// Goes on with the pass, or begins one; says whether there was anything to do.
    mutating func serve(_ kept: borrowing RetainedMessages, by socket: inout Socket) throws(ZeroMQError)
        -> Bool
    {
        if prefixes.isEmpty { begin(kept) }
        guard !prefixes.isEmpty else { return false }
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

    /// Whether there is anything left to do.
    var isBusy: Bool { !prefixes.isEmpty || !waiting.isEmpty }

    /// Begins a pass for those who have waited longest.
    private mutating func begin(_ kept: borrowing RetainedMessages) {
        var taken = 0
        while taken < waiting.count, prefixes.count < Self.prefixLimit {
            // One that is covered by another needs no place.
            if !isAsked(waiting[taken].bytes) { prefixes.append(waiting[taken]) }
            taken += 1
        }
        waiting.removeSubrange(0..<taken)
        (topic, limit, publications) = (0, kept.count, kept.publications)
    }

    private func isAsked(_ topic: RawSpan) -> Bool {
        for index in prefixes.indices where topic.starts(with: prefixes[index].bytes) { return true }
        return false
    }
}
