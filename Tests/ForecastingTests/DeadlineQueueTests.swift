// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing

struct DeadlineQueueTests {
    /// Against a plain dictionary: `require` only ever makes a deadline earlier.
    @Test func equalsADictionary() {
        var generator = SeededGenerator(seed: 5)
        var queue = DeadlineQueue(capacity: 40)
        var expected: [UInt32: Int64] = [:]
        for _ in 0..<20_000 {
            let time = Int64.random(in: 0...1000, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where !expected.isEmpty:
                expected[queue.first!.slot] = nil
                queue.removeFirst()
            case 1 where !expected.isEmpty:
                let later = queue.first!.time.nanoseconds + time
                expected[queue.first!.slot] = later
                queue.postponeFirst(to: Timestamp(nanoseconds: later))
            case 2:
                let slot = UInt32.random(in: 0..<40, using: &generator)
                expected[slot] = nil
                queue.remove(slot)
            default:
                let slot = UInt32.random(in: 0..<40, using: &generator)
                queue.require(slot, by: Timestamp(nanoseconds: time))
                expected[slot] = min(expected[slot] ?? .max, time)
            }
            #expect(queue.first?.time.nanoseconds == expected.values.min())
            if let first = queue.first { #expect(expected[first.slot] == first.time.nanoseconds) }
        }
    }
}
