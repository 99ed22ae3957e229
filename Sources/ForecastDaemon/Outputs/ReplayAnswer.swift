// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// An answer on its way to a peer: where it is in what is kept, and where it ends.
///
/// What comes after the request is not part of it: the peer has subscribed by then.
struct ReplayAnswer {
    /// What comes next.
    enum Step: Equatable {
        /// The last message of the topic with a number.
        case retained(Int)
        /// The message at a position in the log.
        case logged(Int)
        /// Nothing: all was sent.
        case end
        /// Nothing: what would come is not there any more; the first that is.
        case tooOld(UInt64)
        /// Nothing in this turn.
        case pause

        /// Whether it is a message.
        var isMessage: Bool {
            switch self {
            case .retained, .logged: true
            case .end, .tooOld, .pause: false
            }
        }
    }

    /// The way to who has asked.
    let reply: ReplayReply
    private let command: ReplayRequest.Command
    private let topic: TopicPrefix
    /// Only what has a higher number is sent.
    private let number: UInt64
    /// The number of the log's newest message when the answer began.
    let newest: UInt64
    /// A topic's number for `state`, and else a position in the log; nil at the end of a topic.
    private var position: Int?
    /// The first position that is not part of the answer.
    private let limit: Int
    /// The number of the topic that `after` is about.
    private let topicNumber: Int?
    /// Messages sent.
    private(set) var sent: UInt64 = 0
    /// Since when the peer's queue is full; nil while it takes messages.
    var fullSince: Timestamp?

    /// Begins an answer.
    init(
        _ request: ReplayRequest, to reply: ReplayReply, from kept: borrowing RetainedMessages,
        _ log: borrowing ReplayLog
    ) {
        self.reply = reply
        (command, topic, number) = (request.command, request.topic, request.number)
        newest = log.newest
        limit = command == .state ? kept.count : log.end
        topicNumber = command == .after ? kept.number(of: topic.bytes) : nil
        position = 0
        // The position 0 stands before all that is there.
        switch command {
        case .state: break
        case .after:
            if number >= first(kept, log) - 1 { position = topicNumber.flatMap { log.first(ofTopic: $0) } }
        case .since:
            if number >= log.oldest - 1 { position = log.position(ofNumber: min(number, log.newest) + 1) }
        }
    }

    /// Goes on to the next message, past at most `visits` others.
    mutating func next(
        in kept: borrowing RetainedMessages, _ log: borrowing ReplayLog, visits: inout Int
    ) -> Step {
        while let position, position < limit {
            if command != .state, !log.isKept(position) { return .tooOld(first(kept, log)) }
            guard visits > 0 else { return .pause }
            visits -= 1
            switch command {
            case .state:
                if kept.topic(position).starts(with: topic.bytes) { return .retained(position) }
            case .after:
                if log.sequence(at: position) > number { return .logged(position) }
            case .since:
                if kept.topic(log.topic(at: position)).starts(with: topic.bytes) { return .logged(position) }
            }
            skip(log)
        }
        return .end
    }

    /// Goes past the message that was sent.
    mutating func pass(_ log: borrowing ReplayLog) {
        (sent, fullSince) = (sent + 1, nil)
        skip(log)
    }

    private mutating func skip(_ log: borrowing ReplayLog) {
        guard let position else { return }
        switch command {
        case .state: self.position = position + 1
        case .after: self.position = log.nextOfTopic(at: position)
        case .since: self.position = log.position(after: position)
        }
    }

    /// The first sequence of the topic, or the first number, that is there or comes next.
    private func first(_ kept: borrowing RetainedMessages, _ log: borrowing ReplayLog) -> UInt64 {
        guard command == .after else { return log.oldest }
        guard let topicNumber else { return 1 }
        return log.first(ofTopic: topicNumber).map { log.sequence(at: $0) }
            ?? kept.sequence(topicNumber) + 1
    }
}
