// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What was decided for a stream, and how often within about a minute.
package struct DecisionReport: Codable, Sendable, Equatable {
    /// What it is, in a word, as `late` or `reload_rewarmed`.
    package var kind: String
    /// When it was decided by the daemon's clock, first and last, UTC, RFC 3339.
    package var first, last: String
    /// How often.
    package var count: UInt64
    /// The times of the values or ticks that it was about: of the first, or where a gap began, and of the last.
    package var begin, end: String
    /// The value that it was last about.
    package var value: Double?
    /// The key of the configuration that made it so, with its value then.
    package var key: String?
    /// All that in words, but for how often and when it was decided.
    package var text: String

    /// Makes a report.
    package init(
        kind: String, first: String, last: String, count: UInt64, begin: String, end: String,
        value: Double?, key: String?, text: String
    ) {
        (self.kind, self.first, self.last, self.count) = (kind, first, last, count)
        (self.begin, self.end, self.value, self.key, self.text) = (begin, end, value, key, text)
    }
}

/// The last decisions for a stream.
package struct StreamDecisions: Codable, Sendable, Equatable {
    /// The stream's id.
    package var stream: String
    /// When the daemon began, before which nothing is known.
    package var since: String
    /// What was decided, the newest last.
    package var decisions: [DecisionReport]
    /// Messages of its topic, or one that begins its id, that could not be read, the newest last.
    package var messages: [DropReport.Messages]

    /// Makes a report.
    package init(
        stream: String, since: String, decisions: [DecisionReport], messages: [DropReport.Messages]
    ) {
        (self.stream, self.since, self.decisions, self.messages) = (stream, since, decisions, messages)
    }
}

/// Values that were dropped or came late, and messages that could not be read.
package struct DropReport: Codable, Sendable, Equatable {
    /// Values of a stream.
    package struct Values: Codable, Sendable, Equatable {
        /// The stream's id.
        package var stream: String
        /// What was decided.
        package var decision: DecisionReport

        /// Makes a report.
        package init(stream: String, decision: DecisionReport) {
            (self.stream, self.decision) = (stream, decision)
        }
    }

    /// Messages of an input and a topic.
    package struct Messages: Codable, Sendable, Equatable {
        /// The input's name, the reason in a word, and in words.
        package var input, reason, text: String
        /// How many there were since the topic is remembered, and of all topics since the daemon began.
        package var count, total: UInt64
        /// When the newest came.
        package var last: String
        /// How its topic and its payload begin.
        package var topic, payload: String

        /// Makes a report.
        package init(
            input: String, reason: String, text: String, count: UInt64, total: UInt64, last: String,
            topic: String, payload: String
        ) {
            (self.input, self.reason, self.text, self.count, self.total) = (input, reason, text, count, total)
            (self.last, self.topic, self.payload) = (last, topic, payload)
        }
    }

    /// What to ask with for what comes after.
    package var next: String
    /// What was decided since what was asked for, in the order of time.
    package var values: [Values]
    /// Streams beyond those that are told.
    package var more: Int
    /// The newest message of each input that could not be read for each reason and topic, if one came since.
    package var messages: [Messages]

    /// Makes a report.
    package init(next: String, values: [Values], more: Int, messages: [Messages]) {
        (self.next, self.values, self.more, self.messages) = (next, values, more, messages)
    }
}
