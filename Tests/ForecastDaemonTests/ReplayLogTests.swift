// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import TestSupport
import Testing

/// The log of published messages, held against a list of all of them.
struct ReplayLogTests {
    struct Entry {
        var topic: Int
        var sequence: UInt64
        var payload: [UInt8]
    }

    static func entry(at position: Int, in log: borrowing ReplayLog) -> Entry {
        Entry(
            topic: log.topic(at: position), sequence: log.sequence(at: position),
            payload: log.payload(at: position).withUnsafeBytes { Array($0) })
    }

    /// All entries that are there, in order, by a walk from the oldest.
    static func walk(_ log: borrowing ReplayLog) -> [Entry] {
        var entries: [Entry] = []
        var position = log.position(ofNumber: log.oldest)
        while position < log.end {
            entries.append(entry(at: position, in: log))
            position = log.position(after: position)
        }
        return entries
    }

    /// Those of a topic, by its own links.
    static func chain(_ topic: Int, _ log: borrowing ReplayLog) -> [Entry] {
        var entries: [Entry] = []
        var position = log.first(ofTopic: topic)
        while let place = position {
            entries.append(entry(at: place, in: log))
            position = log.nextOfTopic(at: place)
        }
        return entries
    }

    static func expectEqual(_ entries: [Entry], _ expected: some Collection<Entry>, _ seed: UInt64) {
        #expect(entries.map(\.sequence) == expected.map(\.sequence), "seed \(seed)")
        #expect(entries.map(\.topic) == expected.map(\.topic), "seed \(seed)")
        #expect(entries.map(\.payload) == expected.map(\.payload), "seed \(seed)")
    }

    @Test(arguments: [4096, 5000, 33_333, 100_000]) func theNewestAreThereInOrder(byteCount: Int) {
        let seed = UInt64.random(in: 0...(.max))
        var generator = SeededGenerator(seed: seed)
        let topicCount = 7
        var log = ReplayLog(byteCount: byteCount, topicsLimit: topicCount)
        var all: [Entry] = []
        var sequences = [UInt64](repeating: 0, count: topicCount)
        var least = Int.max
        for round in 0..<6000 {
            // The last topic comes once and gives way.
            let topic = round == 0 ? topicCount - 1 : Int.random(in: 0..<topicCount - 1, using: &generator)
            sequences[topic] += 1
            let length = Int.random(in: 0...(round % 900 < 700 ? 100 : 960), using: &generator)
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &+ round) }
            log.append(payload.span.bytes, topic: topic, sequence: sequences[topic])
            all.append(Entry(topic: topic, sequence: sequences[topic], payload: payload))
            let kept = all.suffix(all.count + 1 - Int(log.oldest))
            if kept.count < all.count { least = min(least, kept.reduce(0) { $0 + $1.payload.count + 39 }) }
            if round % 97 == 0 { Self.check(log, kept, topicCount: topicCount, seed) }
        }
        let (newest, ofFirst) = (log.newest, log.first(ofTopic: topicCount - 1))
        #expect(newest == 6000 && ofFirst == nil)
        // No more gives way than two of the longest have need of.
        #expect(least > byteCount - 2 * 1024, "\(least) of \(byteCount), seed \(seed)")
    }

    static func check(
        _ log: borrowing ReplayLog, _ kept: ArraySlice<Entry>, topicCount: Int, _ seed: UInt64
    ) {
        expectEqual(walk(log), kept, seed)
        for topic in 0..<topicCount {
            expectEqual(chain(topic, log), kept.filter { $0.topic == topic }, seed)
        }
        for (number, expected) in zip(log.oldest..., kept) {
            let entry = entry(at: log.position(ofNumber: number), in: log)
            #expect(entry.payload == expected.payload, "number \(number), seed \(seed)")
        }
        let (next, end) = (log.position(ofNumber: log.newest + 1), log.end)
        #expect(next == end)
    }

    @Test func anEmptyLogHasNothing() {
        let log = ReplayLog(byteCount: 4096, topicsLimit: 1)
        let (oldest, newest, first) = (log.oldest, log.newest, log.first(ofTopic: 0))
        #expect(oldest == 1 && newest == 0 && first == nil)
    }

    @Test func aPositionThatGaveWayIsKnown() {
        var log = ReplayLog(byteCount: 4096, topicsLimit: 1)
        let payload = [UInt8](repeating: 1, count: 500)
        log.append(payload.span.bytes, topic: 0, sequence: 1)
        let first = log.position(ofNumber: 1)
        let wasKept = log.isKept(first)
        while log.oldest == 1 { log.append(payload.span.bytes, topic: 0, sequence: log.newest + 1) }
        let (isKept, isNextKept) = (log.isKept(first), log.isKept(log.position(ofNumber: 2)))
        #expect(wasKept && !isKept && isNextKept)
        let sequence = log.first(ofTopic: 0).map { log.sequence(at: $0) }
        #expect(sequence == 2)
    }

    /// Each topic's last message, however many there are.
    @Test func theLastOfEachTopicIsRetained() {
        var retained = RetainedMessages(topicsLimit: 50, longestPayload: 30, seed: 1)
        let name = Array("anomalies@plant.7".utf8)
        let unknown = retained.number(of: name.span.bytes)
        #expect(unknown == nil)
        for round in 0..<300 {
            let topic = round % 50 == 7 ? name : Array("plant.\(round % 50)".utf8)
            let payload = Array("\(round)".utf8)
            let number = retained.retain(
                payload.span.bytes, topic: topic.span.bytes, sequence: UInt64(round / 50 + 1))
            #expect(number == round % 50)
        }
        let (count, publications) = (retained.count, retained.publications)
        #expect(count == 50 && publications == 300)
        for number in 0..<50 {
            let payload = retained.payload(number).withUnsafeBytes { Array($0) }
            let (sequence, publication) = (retained.sequence(number), retained.publication(number))
            #expect(payload == Array("\(250 + number)".utf8))
            #expect(sequence == 6 && publication == UInt64(251 + number))
        }
        let topic = retained.topic(7).withUnsafeBytes { Array($0) }
        let number = retained.number(of: name.span.bytes)
        #expect(topic == name && number == 7)
    }

    /// The first topics have their places for good.
    @Test func beyondTheLimitNothingIsRetained() {
        var retained = RetainedMessages(topicsLimit: 1, longestPayload: 30, seed: 1)
        func retain(_ topic: String, _ sequence: UInt64) -> Int? {
            retained.retain([1].span.bytes, topic: topic.utf8.span.bytes, sequence: sequence)
        }
        #expect([retain("a", 1), retain("b", 1), retain("a", 2)] == [0, nil, 0])
        let (count, publications, sequence) = (retained.count, retained.publications, retained.sequence(0))
        #expect(count == 1 && publications == 2 && sequence == 2)
    }
}
