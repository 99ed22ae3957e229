// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What is known of the messages of one input by the numbers that their senders gave them, topic by topic.
///
/// A topic costs nothing before its first number; the first `capacity` topics are followed.
public struct SenderSequences: ~Copyable {
    /// One topic.
    struct Row: BitwiseCopyable {
        /// The newest number, the highest but for those that began anew.
        var newest: UInt64
        /// Bit k: whether the number k + 1 before the newest was passed over and has not come.
        var missing: UInt64
        var counts: SequenceCounts
    }

    /// The messages of all topics.
    public private(set) var totals = SequenceCounts()
    private var topics: StreamTable
    private var rows: SlotTable<Row>

    /// Numbers that a message may come behind the newest and still be one of the same row of numbers.
    ///
    /// A sender that begins anew within its first 17 messages cannot be told from one that repeats them.
    static let window: UInt64 = 16
    /// A jump ahead of as many numbers is no loss: the sender began anew with another number.
    static let farthest: UInt64 = 1 << 31
    /// A number that is smaller than the newest, but no farther ahead on the circle, has passed the circle's end.
    static let farthestAround: UInt64 = 1 << 16

    /// Makes an account of at most `capacity` topics; `seed` makes their placing unpredictable to senders.
    public init(capacity: Int, seed: UInt64) {
        topics = StreamTable(capacity: capacity, seed: seed)
        rows = SlotTable(count: capacity)
    }

    /// What was counted for one topic; nil if no message of it had a number.
    public func counts(of topic: RawSpan) -> SequenceCounts? {
        topics.slot(of: topic).map { rows[Int($0)].counts }
    }

    /// Takes in the number of a message that has come.
    public mutating func count(_ number: SequenceNumber, of topic: RawSpan) {
        guard let slot = topics.slot(of: topic) else { return begin(with: number, topic) }
        var row = rows[Int(slot)]
        let news = Self.follow(number, after: &row)
        row.counts.add(news)
        rows[Int(slot)] = row
        totals.add(news)
    }

    private mutating func begin(with number: SequenceNumber, _ topic: RawSpan) {
        guard topics.count < topics.capacity, StreamIdentifier.isValid(topic) else { return }
        rows[Int(topics.insert(topic))] = Row(newest: number.value, missing: 0, counts: SequenceCounts())
    }

    /// Moves a row on to a number, and says what that means.
    private static func follow(_ number: SequenceNumber, after row: inout Row) -> SequenceCounts {
        var news = SequenceCounts()
        let back = number.distance(to: row.newest)
        if back <= window {
            let bit: UInt64 = back == 0 ? 0 : 1 << (back - 1)
            if row.missing & bit == 0 { news.repeated = 1 } else { news.reordered = 1 }
            row.missing &= ~bit
            return news
        }
        let ahead = number.distance(from: row.newest)
        let isAhead = number.value > row.newest ? ahead < farthest : ahead < farthestAround
        if isAhead {
            news.missed = ahead - 1
            let passedOver: UInt64 = ahead > window ? ~0 : (1 << (ahead - 1)) - 1
            row.missing = (ahead > window ? 0 : row.missing << ahead) | passedOver
        } else {
            news.restarts = 1
            row.missing = 0
        }
        row.newest = number.value
        return news
    }
}
