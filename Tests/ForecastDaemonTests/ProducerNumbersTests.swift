// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing

/// How far producers have come, through saved state.
@Suite struct ProducerNumbersTests {
    static let key = Array("meters/p".utf8)

    /// The state of an engine that was told a producer's message.
    static func state(_ number: UInt64) throws -> [[UInt8]] {
        let small = try SmallEngine()
        small.engine.producers.note(number, of: key.span.bytes, at: Timestamp(nanoseconds: 1))
        small.engine.beginCopy()
        while small.engine.copyStreams(atMost: 1 << 20) {}
        var chunks: [[UInt8]] = []
        while let chunk = small.engine.takeCopiedChunk() { chunks.append(chunk) }
        return chunks
    }

    /// Of several pipelines, whose streams are divided anew, the one that had the newest message counts.
    @Test(arguments: [[7], [5, 7], [7, 5]] as [[UInt64]]) func severalStatesGiveTheGreatestNumber(
        numbers: [UInt64]
    ) throws {
        let small = try SmallEngine()
        for number in numbers {
            var chunks = try Self.state(number)
            var reader = StateReader { chunks.isEmpty ? nil : chunks.removeFirst() }
            _ = try small.engine.restore(from: &reader)
        }
        let newest = small.engine.producers.newest(of: Self.key.span.bytes)
        #expect(newest == 7)
    }

    /// Where there are too many, the one of which nothing came for longest gives way.
    @Test func theOldestGivesWay() {
        var numbers = ProducerNumbers(capacity: 2, seed: 1)
        let keys = ["a", "b", "c"].map { Array($0.utf8) }
        for (index, time) in zip([0, 1, 0, 2], Int64(1)...) {
            let key = keys[index]
            numbers.note(UInt64(time), of: key.span.bytes, at: Timestamp(nanoseconds: time))
        }
        var found: [UInt64] = []
        for key in keys { found.append(numbers.newest(of: key.span.bytes)) }
        #expect(found == [3, 0, 4])
    }
}
